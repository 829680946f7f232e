"""Effects: one row is one write of one task or caller, and what became of it never changes."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table gateway.effects (
            id uuid primary key,
            tenant text not null,
            task_id uuid,
            attempt integer check (attempt >= 1),
            caller text not null,
            vendor text not null,
            tool text,
            route text not null,
            target text not null,
            method text not null,
            request jsonb not null check (jsonb_typeof(request) = 'object'),
            state text not null default 'sending',
            status integer check (status between 100 and 599),
            url text,
            detail text,
            began_at timestamptz not null default clock_timestamp(),
            settled_at timestamptz,
            constraint effects_states check (state in ('sending', 'done', 'failed', 'unknown')),
            constraint effects_task_and_attempt check ((task_id is null) = (attempt is null)),
            constraint effects_settled check ((state = 'sending') = (settled_at is null)),
            constraint effects_sending_is_open check
                (state <> 'sending' or (status is null and url is null and detail is null))
        )
    """)
    op.execute("create index effects_of_task on gateway.effects (task_id, began_at) where task_id is not null")
    op.execute("create index effects_recent on gateway.effects (tenant, began_at desc)")
    op.execute("create index effects_sending on gateway.effects (began_at) where state = 'sending'")
    op.execute("""
        create function gateway.refuse_change() returns trigger language plpgsql as $$
        begin
            raise exception using errcode = 'check_violation',
                message = format('effect %s is %s: what became of it never changes', old.id, old.state);
        end $$
    """)
    op.execute("""
        create trigger effects_stay_settled before update on gateway.effects for each row
        when (old.state <> 'sending') execute function gateway.refuse_change()
    """)
