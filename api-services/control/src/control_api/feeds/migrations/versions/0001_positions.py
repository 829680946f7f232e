"""How far each feed was followed."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table feeds.positions (
            feed text primary key,
            position json,
            committed_at timestamptz not null default clock_timestamp()
        )
    """)


def downgrade() -> None:
    op.execute("drop table feeds.positions")
