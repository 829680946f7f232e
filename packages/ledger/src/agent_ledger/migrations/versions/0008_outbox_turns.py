"""Where a result goes to, so that each tenant's results to each host are delivered in turn."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        alter table ledger.outbox add column host text not null generated always as (
            case when kind = 'url' then coalesce(substring(lower(target) from '^[a-z]+://([^/:?#]*[^/:?#.])'), '?')
            else '' end) stored
    """)
    op.execute("""
        create index outbox_turns on ledger.outbox (tenant, host, due_at, id)
        where delivered_at is null and failed_at is null
    """)
    op.execute("drop index ledger.outbox_due")


def downgrade() -> None:
    op.execute("""
        create index outbox_due on ledger.outbox (due_at, id) where delivered_at is null and failed_at is null
    """)
    op.execute("drop index ledger.outbox_turns")
    op.execute("alter table ledger.outbox drop column host")
