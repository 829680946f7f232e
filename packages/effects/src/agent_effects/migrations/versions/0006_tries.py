"""Approved proposals that cannot be sent yet: how often it was tried, what stood against it, when it is tried next."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        alter table gateway.proposals
            add column tries integer not null default 0 check (tries >= 0),
            add column try_at timestamptz,
            add column delay text
    """)
