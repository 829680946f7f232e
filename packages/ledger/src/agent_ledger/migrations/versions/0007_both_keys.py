"""A task may hold two slots: that of its own concurrency key, and that of its skill's."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table ledger.tasks add column skill_key text")
    op.execute("""
        create index tasks_queued_of_skill_key on ledger.tasks (tenant, skill_key)
        where state = 'queued' and skill_key is not null
    """)
    op.execute("alter table ledger.slots drop constraint slots_task_id_key")
    op.execute("create index slots_of_task on ledger.slots (task_id)")


def downgrade() -> None:
    op.execute("drop index ledger.slots_of_task")
    op.execute("alter table ledger.slots add constraint slots_task_id_key unique (task_id)")
    op.execute("alter table ledger.tasks drop column skill_key")
