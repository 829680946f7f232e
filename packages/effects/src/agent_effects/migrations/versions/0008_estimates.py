"""Requests to the model whose cost nobody said: who sent them, what was seen of them, and what they are estimated at.

Locks are taken in the order of 0004: the request's row, then the totals of task, skill and tenant.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

RESERVE = """
    create function gateway.reserve_for(
        of_instance uuid, at_most bigint, of_task uuid, of_attempt integer, of_tenant text, of_skill text,
        at_model text, as_request text, in_tokens bigint, in_usd numeric, wanted bigint, fewest bigint, ample bigint,
        each_usd numeric, most numeric[]
    ) returns table (
        verdict text, unit text, output bigint, price numeric, remains numeric, underway numeric, held boolean,
        renews_at timestamptz
    ) language plpgsql as $$
    begin
        return query select * from gateway.reserve(of_task, of_attempt, of_tenant, of_skill, at_model, as_request,
            in_tokens, in_usd, wanted, fewest, ample, each_usd, most);
        update gateway.spend s set instance = of_instance, most_input = at_most, most_input_usd = in_usd
        where s.task_id = of_task and s.request_id = as_request and s.state = 'reserved';
    end $$
"""

SETTLE = """
    create function gateway.settle_spend(
        of_task uuid, as_request text, true_input bigint, true_output bigint, true_read bigint, true_write bigint,
        true_usd numeric, guessed boolean
    ) returns boolean language plpgsql as $$
    declare
        was gateway.spend;
        tokens bigint := coalesce(true_input + true_output + true_read + true_write, 0);
    begin
        select s.* into was from gateway.spend s
        where s.task_id = of_task and s.request_id = as_request
            and (s.state = 'reserved' or s.estimated and not guessed) for update;
        if not found then
            return false;
        end if;
        if true_usd is null then
            delete from gateway.spend s where s.task_id = of_task and s.request_id = as_request;
        else
            update gateway.spend s set state = 'settled', settled_at = clock_timestamp(), estimated = guessed,
                usd = true_usd, input_tokens = true_input, output_tokens = true_output,
                cache_read_tokens = true_read, cache_write_tokens = true_write
            where s.task_id = of_task and s.request_id = as_request;
        end if;
        perform gateway.add_up(was.tenant, was.task_id, was.skill, was.day,
            round(coalesce(true_usd, 0), 10) - was.usd, tokens - was.tokens);
        return true;
    end $$
"""

ESTIMATE = """
    create function gateway.estimate_spend(of_task uuid, as_request text)
    returns boolean language plpgsql as $$
    declare
        was gateway.spend;
        portion numeric;
        input bigint;
    begin
        select s.* into was from gateway.spend s
        where s.task_id = of_task and s.request_id = as_request and s.state = 'reserved' for update;
        if not found then
            return false;
        end if;
        if was.seen_usd is not null then
            return gateway.settle_spend(of_task, as_request, was.seen_input, was.seen_output, was.seen_read,
                was.seen_write, least(was.usd, was.seen_usd), true);
        end if;
        select max((s.tokens - s.output_tokens)::numeric / s.most_input) into portion from (
            select * from gateway.spend s
            where s.tenant = was.tenant and s.skill = was.skill and s.model = was.model
                and s.state = 'settled' and not s.estimated and s.most_input > 0
            order by s.at desc limit 100) s;
        input := least(was.input_tokens, ceil(was.most_input * coalesce(portion, 1) * 1.25));
        return gateway.settle_spend(of_task, as_request, input, was.output_tokens, 0, 0,
            was.usd - was.most_input_usd + was.most_input_usd * input / greatest(was.input_tokens, 1), true);
    end $$
"""


def upgrade() -> None:
    op.execute("""
        create table gateway.instances (
            id uuid primary key,
            seen_at timestamptz not null default clock_timestamp(),
            steady_since timestamptz not null default clock_timestamp()
        )
    """)
    op.execute("""
        alter table gateway.spend
            add column instance uuid,
            add column estimated boolean not null default false,
            add column most_input bigint,
            add column most_input_usd numeric(20, 10),
            add column seen_usd numeric(20, 10),
            add column seen_input bigint,
            add column seen_output bigint,
            add column seen_read bigint,
            add column seen_write bigint
    """)
    op.execute("update gateway.spend set most_input = input_tokens, most_input_usd = usd where state = 'reserved'")
    op.execute("drop function gateway.settle_spend(uuid, text, bigint, bigint, bigint, bigint, numeric)")
    for function in (RESERVE, SETTLE, ESTIMATE):
        op.execute(function)
