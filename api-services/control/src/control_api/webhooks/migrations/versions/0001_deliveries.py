"""Webhook deliveries, unique by source and body, and the tasks that triggers fired."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table control.deliveries (
            source text not null,
            body_hash bytea not null,
            tenant text not null,
            delivery_id text not null,
            event text not null,
            outcome json not null,
            received_at timestamptz not null default clock_timestamp(),
            primary key (source, body_hash)
        )
    """)
    op.execute("create index deliveries_received on control.deliveries (received_at)")
    op.execute("""
        create table control.firings (
            tenant text not null,
            trigger text not null,
            day date not null default (clock_timestamp() at time zone 'utc')::date,
            task_id uuid not null,
            primary key (tenant, trigger, day, task_id)
        )
    """)


def downgrade() -> None:
    op.execute("drop table control.firings, control.deliveries")
