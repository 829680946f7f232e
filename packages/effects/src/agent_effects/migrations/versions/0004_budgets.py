"""Budgets: what a request may cost at most is reserved before it is sent; totals by task, by skill and tenant a day.

Locks are taken in one order everywhere: the task's lease, the request's row, the totals of task, skill and tenant.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ROOM = """
    create function gateway.room(remains numeric, needs numeric, each numeric) returns bigint
    language sql immutable as $$
        select case when remains <= 0 or remains < needs then 0
            when each = 0 then 1000000000
            else least(1000000000, floor((remains - needs) / each))::bigint end
    $$
"""

ADD_UP = """
    create function gateway.add_up(
        of_tenant text, of_task uuid, of_skill text, on_day date, more_usd numeric, more_tokens bigint
    ) returns void language plpgsql as $$
    begin
        update gateway.totals t set usd = t.usd + more_usd, tokens = t.tokens + more_tokens
        where t.tenant = of_tenant and t.scope = 'task' and t.key = of_task::text and t.day = 'epoch';
        update gateway.totals t set usd = t.usd + more_usd, tokens = t.tokens + more_tokens
        where t.tenant = of_tenant and t.scope = 'skill' and t.key = of_skill and t.day = on_day;
        update gateway.totals t set usd = t.usd + more_usd, tokens = t.tokens + more_tokens
        where t.tenant = of_tenant and t.scope = 'tenant' and t.key = '' and t.day = on_day;
    end $$
"""

RESERVE = """
    create function gateway.reserve(
        of_task uuid, of_attempt integer, of_tenant text, of_skill text, at_model text, as_request text,
        in_tokens bigint, in_usd numeric, wanted bigint, fewest bigint, ample bigint, each_usd numeric, most numeric[]
    ) returns table (
        verdict text, unit text, output bigint, price numeric, remains numeric, underway numeric, held boolean,
        renews_at timestamptz
    ) language plpgsql as $$
    declare
        today date := (clock_timestamp() at time zone 'UTC')::date;
        scopes text[] := array['task', 'skill', 'tenant'];
        keys text[] := array[of_task::text, of_skill, ''];
        days date[] := array['epoch'::date, today, today];
        units text[] := array['usd', 'tokens'];
        needs numeric[] := array[in_usd, in_tokens];
        each numeric[] := array[each_usd, 1];
        used numeric[];
        fits bigint;
    begin
        if not ledger.live(of_task, of_attempt) then
            verdict := 'not_live';
            return next;
            return;
        end if;
        output := wanted;
        for i in 1..3 loop
            insert into gateway.totals (tenant, scope, key, day) values (of_tenant, scopes[i], keys[i], days[i])
            on conflict do nothing;
            select array[t.usd, t.tokens] into used from gateway.totals t
            where t.tenant = of_tenant and t.scope = scopes[i] and t.key = keys[i] and t.day = days[i] for update;
            for j in 1..2 loop
                continue when most[2 * i - 2 + j] is null;
                remains := most[2 * i - 2 + j] - used[j];
                fits := gateway.room(remains, needs[j], each[j]);
                if fits < fewest then
                    select coalesce(sum(case j when 1 then s.usd else s.tokens end), 0) into underway
                    from gateway.spend s
                    where s.state = 'reserved' and s.tenant = of_tenant
                        and s.at > clock_timestamp() - interval '5 minutes' and case i
                            when 1 then s.task_id = of_task
                            when 2 then s.skill = of_skill and s.day = today
                            else s.day = today end;
                    verdict := (array['budget_' || units[j], 'budget_skill_day', 'budget_tenant_day'])[i];
                    unit := units[j];
                    output := 0;
                    remains := greatest(remains, 0);
                    held := gateway.room(most[2 * i - 2 + j] - used[j] + underway, needs[j], each[j]) >= fewest;
                    renews_at := case when i > 1 then (today + 1)::timestamp at time zone 'UTC' end;
                    return next;
                    return;
                end if;
                output := least(output, greatest(fits / 2, least(fits, greatest(ample, fewest))));
            end loop;
        end loop;
        price := round(in_usd + output * each_usd, 10);
        insert into gateway.spend (task_id, attempt, tenant, skill, model, request_id, day, state, usd,
            input_tokens, output_tokens, cache_read_tokens, cache_write_tokens)
        values (of_task, of_attempt, of_tenant, of_skill, at_model, as_request, today, 'reserved', price,
            in_tokens, output, 0, 0);
        perform gateway.add_up(of_tenant, of_task, of_skill, today, price, in_tokens + output);
        verdict := 'ok';
        remains := null;
        return next;
    end $$
"""

SETTLE = """
    create function gateway.settle_spend(
        of_task uuid, as_request text, true_input bigint, true_output bigint, true_read bigint, true_write bigint,
        true_usd numeric
    ) returns boolean language plpgsql as $$
    declare
        was gateway.spend;
        tokens bigint := coalesce(true_input + true_output + true_read + true_write, 0);
    begin
        select s.* into was from gateway.spend s
        where s.task_id = of_task and s.request_id = as_request and s.state = 'reserved' for update;
        if not found then
            return false;
        end if;
        if true_usd is null then
            delete from gateway.spend s where s.task_id = of_task and s.request_id = as_request;
        else
            update gateway.spend s set state = 'settled', settled_at = clock_timestamp(), usd = true_usd,
                input_tokens = true_input, output_tokens = true_output, cache_read_tokens = true_read,
                cache_write_tokens = true_write
            where s.task_id = of_task and s.request_id = as_request;
        end if;
        perform gateway.add_up(was.tenant, was.task_id, was.skill, was.day,
            round(coalesce(true_usd, 0), 10) - was.usd, tokens - was.tokens);
        return true;
    end $$
"""

COUNT_CALL = """
    create function gateway.count_call(of_task uuid, this text, most integer) returns boolean language plpgsql as $$
    begin
        if exists (select from gateway.tool_calls c where c.task_id = of_task and c.call = this) then
            return true;
        end if;
        perform pg_advisory_xact_lock(hashtextextended('gateway.tool_calls:' || of_task, 0));
        if most <= (select count(*) from gateway.tool_calls c where c.task_id = of_task and c.call <> this) then
            return false;
        end if;
        insert into gateway.tool_calls (task_id, call) values (of_task, this) on conflict do nothing;
        return true;
    end $$
"""


def upgrade() -> None:
    op.execute("""
        alter table gateway.spend
            add column skill text not null default '',
            add column day date,
            add column state text not null default 'settled' check (state in ('reserved', 'settled')),
            add column settled_at timestamptz
    """)
    op.execute("update gateway.spend set day = (at at time zone 'UTC')::date, settled_at = at")
    op.execute("""
        alter table gateway.spend
            alter column day set not null,
            alter column state drop default,
            alter column skill drop default,
            add constraint spend_settled check ((state = 'settled') = (settled_at is not null))
    """)
    op.execute("create index spend_reserved on gateway.spend (tenant, at) where state = 'reserved'")
    op.execute("""
        create table gateway.totals (
            tenant text not null,
            scope text not null check (scope in ('task', 'skill', 'tenant')),
            key text not null,
            day date not null,
            usd numeric(20, 10) not null default 0,
            tokens bigint not null default 0,
            primary key (tenant, scope, key, day),
            check ((scope = 'task') = (day = 'epoch'))
        ) with (fillfactor = 50)
    """)
    op.execute("""
        insert into gateway.totals (tenant, scope, key, day, usd, tokens)
        select tenant, 'task', task_id::text, 'epoch'::date, sum(usd), sum(tokens) from gateway.spend group by 1, 3
        union all
        select tenant, 'tenant', '', day, sum(usd), sum(tokens) from gateway.spend group by 1, 4
    """)
    op.execute("""
        create table gateway.tool_calls (
            task_id uuid not null,
            call text not null,
            at timestamptz not null default clock_timestamp(),
            primary key (task_id, call)
        )
    """)
    for function in (ROOM, ADD_UP, RESERVE, SETTLE, COUNT_CALL):
        op.execute(function)
