"""Keys, by which a repeat is answered from its row; sends that are probed and repeated; proposals."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BEGIN = """
    create function gateway.begin_effect(
        effect uuid, of_tenant text, of_task uuid, of_attempt integer, by_caller text, at_vendor text, by_tool text,
        by_route text, at_target text, by_method text, of_request jsonb, by_key text, of_fingerprint text, most integer,
        stored jsonb, as_shown text, shown_hash text, on_base text, lasts double precision
    ) returns table (verdict text, earlier uuid) language plpgsql as $$
    declare
        whose text := coalesce('task:' || of_task, 'service:' || by_caller);
        known record;
    begin
        if of_task is not null and not ledger.live(of_task, of_attempt) then
            return query select 'stale', null::uuid;
            return;
        end if;
        if by_key is not null or most is not null then
            perform pg_advisory_xact_lock(hashtextextended('gateway.effects:' || of_tenant || ':' || whose, 0));
        end if;
        if by_key is not null then
            select e.id, e.fingerprint into known from gateway.effects e
            where e.tenant = of_tenant and e.owner = whose and e.key = by_key and e.state <> 'failed';
            if found then
                return query select
                    case when known.fingerprint = of_fingerprint then 'repeat' else 'conflict' end, known.id;
                return;
            end if;
        end if;
        if most is not null and most <= (
            select count(*) from gateway.effects e where e.task_id = of_task and e.tool = by_tool
                and e.vendor = at_vendor and e.state not in ('failed', 'denied', 'expired')
        ) then
            return query select 'limit', null::uuid;
            return;
        end if;
        insert into gateway.effects
            (id, tenant, owner, task_id, attempt, caller, vendor, tool, route, target, method, request, key,
             fingerprint, state, sends)
        values (effect, of_tenant, whose, of_task, of_attempt, by_caller, at_vendor, by_tool, by_route, at_target,
            by_method, of_request, by_key, of_fingerprint, case when stored is null then 'sending' else 'proposed' end,
            case when stored is null then 1 else 0 end);
        if stored is not null then
            insert into gateway.proposals (effect_id, call, shown, shown_sha256, base, expires_at)
            values (effect, stored, as_shown, shown_hash, on_base, clock_timestamp() + make_interval(secs => lasts));
        end if;
        return query select 'begun', null::uuid;
    end $$
"""

MOVES = """
    create function gateway.check_move() returns trigger language plpgsql as $$
    begin
        if (old.state, new.state) not in (
            ('sending', 'done'), ('sending', 'failed'), ('sending', 'unknown'), ('sending', 'sending'),
            ('unknown', 'done'), ('unknown', 'failed'), ('unknown', 'sending'), ('unknown', 'unknown'),
            ('proposed', 'approved'), ('proposed', 'denied'), ('proposed', 'expired'),
            ('approved', 'sending'), ('approved', 'proposed'), ('approved', 'failed'),
            ('sending', 'approved'), ('unknown', 'approved')
        ) then
            raise exception using errcode = 'check_violation',
                message = format('effect %s is %s and cannot become %s', old.id, old.state, new.state);
        end if;
        return new;
    end $$
"""


def upgrade() -> None:
    op.execute("drop trigger effects_stay_settled on gateway.effects")
    op.execute("drop function gateway.refuse_change")
    op.execute("""
        alter table gateway.effects
            add column owner text,
            add column key text,
            add column fingerprint text,
            add column sends integer not null default 1 check (sends >= 0),
            add column sent_at timestamptz not null default clock_timestamp(),
            add column probed_at timestamptz,
            add column probes integer not null default 0,
            add column answer bytea,
            add column answer_type text,
            drop constraint effects_states,
            drop constraint effects_settled,
            drop constraint effects_sending_is_open
    """)
    op.execute(
        "update gateway.effects set owner = coalesce('task:' || task_id, 'service:' || caller), sent_at = began_at"
    )
    op.execute("""
        alter table gateway.effects
            alter column owner set not null,
            add constraint effects_states check (state in
                ('proposed', 'approved', 'denied', 'expired', 'sending', 'done', 'failed', 'unknown')),
            add constraint effects_settled check
                ((state in ('proposed', 'approved', 'sending')) = (settled_at is null)),
            add constraint effects_key_has_fingerprint check (key is null or fingerprint is not null)
    """)
    op.execute("""
        create unique index effects_keys on gateway.effects (tenant, owner, key)
        where key is not null and state <> 'failed'
    """)
    op.execute("drop index gateway.effects_sending")
    op.execute("""
        create index effects_open on gateway.effects (vendor, sent_at) where state in ('sending', 'unknown', 'approved')
    """)
    op.execute(MOVES)
    op.execute("""
        create trigger effects_moves before update on gateway.effects for each row
        execute function gateway.check_move()
    """)
    op.execute("""
        create table gateway.proposals (
            effect_id uuid primary key references gateway.effects on delete cascade,
            call jsonb not null check (jsonb_typeof(call) = 'object'),
            shown text not null,
            shown_sha256 text not null,
            base text,
            held text,
            proposed_at timestamptz not null default clock_timestamp(),
            expires_at timestamptz not null,
            decided_at timestamptz,
            decided_by text,
            decided_sha256 text,
            decision_reason text,
            constraint proposals_decided check ((decided_at is null) = (decided_by is null))
        )
    """)
    op.execute("create index proposals_expiring on gateway.proposals (expires_at) where decided_at is null")
    op.execute(BEGIN)
