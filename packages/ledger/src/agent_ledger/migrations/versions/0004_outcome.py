"""What others may ask of a task in SQL: its state, its skill and who asked for it."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create function ledger.outcome(task uuid) returns table (state text, skill text, author text)
        language sql stable as $$
            select t.state, t.skill, (t.body -> 'actor' ->> 'kind') || ':' || (t.body -> 'actor' ->> 'id')
            from ledger.tasks t where t.id = outcome.task
        $$
    """)


def downgrade() -> None:
    op.execute("drop function ledger.outcome")
