"""How fast a request's reply may stream: what a stream may have written unseen is bounded by the time it had.

Locks are taken in the order of 0004: the request's row, then the totals of task, skill and tenant.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

RESERVE = """
    create function gateway.reserve_for(
        of_instance uuid, at_speed bigint, at_most bigint, of_task uuid, of_attempt integer, of_tenant text,
        of_skill text, at_model text, as_request text, in_tokens bigint, in_usd numeric, wanted bigint, fewest bigint,
        ample bigint, each_usd numeric, most numeric[]
    ) returns table (
        verdict text, unit text, output bigint, price numeric, remains numeric, underway numeric, held boolean,
        renews_at timestamptz
    ) language plpgsql as $$
    begin
        return query select * from gateway.reserve(of_task, of_attempt, of_tenant, of_skill, at_model, as_request,
            in_tokens, in_usd, wanted, fewest, ample, each_usd, most);
        update gateway.spend s
        set instance = of_instance, output_per_second = at_speed, most_input = at_most, most_input_usd = in_usd
        where s.task_id = of_task and s.request_id = as_request and s.state = 'reserved';
    end $$
"""

ESTIMATE = """
    create or replace function gateway.estimate_spend(of_task uuid, as_request text)
    returns boolean language plpgsql as $$
    declare
        was gateway.spend;
        portion numeric;
        input bigint;
        output bigint;
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
        -- Until now and for two seconds more: until the model knew that nobody reads.
        output := least(was.output_tokens,
            ceil(was.output_per_second * (extract(epoch from clock_timestamp() - was.at) + 2)));
        return gateway.settle_spend(of_task, as_request, input, output, 0, 0,
            was.most_input_usd * input / greatest(was.input_tokens, 1)
            + (was.usd - was.most_input_usd) * output / greatest(was.output_tokens, 1), true);
    end $$
"""


def upgrade() -> None:
    op.execute("alter table gateway.spend add column output_per_second bigint")
    op.execute("""
        drop function gateway.reserve_for(uuid, bigint, uuid, integer, text, text, text, text, bigint, numeric, bigint,
            bigint, bigint, numeric, numeric[])
    """)
    op.execute(RESERVE)
    op.execute(ESTIMATE)
