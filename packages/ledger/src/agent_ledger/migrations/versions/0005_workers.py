"""Which workers live, so that a task which nobody takes can be told whom it waits for."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table ledger.workers (
            name text primary key,
            pools text[] not null,
            engines text[] not null,
            skills json not null check (json_typeof(skills) = 'object'),
            slots integer not null check (slots >= 1),
            seen_at timestamptz not null default clock_timestamp()
        )
    """)


def downgrade() -> None:
    op.execute("drop table ledger.workers")
