"""Spending: one row is one request to the model, with its tokens and dollars."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table gateway.spend (
            task_id uuid not null,
            request_id text not null,
            attempt integer not null check (attempt >= 1),
            tenant text not null,
            model text not null,
            input_tokens bigint not null check (input_tokens >= 0),
            output_tokens bigint not null check (output_tokens >= 0),
            cache_read_tokens bigint not null check (cache_read_tokens >= 0),
            cache_write_tokens bigint not null check (cache_write_tokens >= 0),
            tokens bigint not null generated always as
                (input_tokens + output_tokens + cache_read_tokens + cache_write_tokens) stored,
            usd numeric(20, 10) not null check (usd >= 0),
            at timestamptz not null default clock_timestamp(),
            primary key (task_id, request_id)
        )
    """)
    op.execute("create index spend_recent on gateway.spend (tenant, at desc)")
