"""Indexes by which a claim finds the tasks of its own pools and skills alone, and a tenant's queue is counted."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create index tasks_turns on ledger.tasks
            (pool, engine, skill, skill_version, tenant, priority, not_before, id) where state = 'queued'
    """)
    op.execute("create index tasks_queued_of_tenant on ledger.tasks (tenant, concurrency_key) where state = 'queued'")
    op.execute("drop index ledger.tasks_queue")


def downgrade() -> None:
    op.execute("create index tasks_queue on ledger.tasks (priority, not_before, id) where state = 'queued'")
    op.execute("drop index ledger.tasks_turns, ledger.tasks_queued_of_tenant")
