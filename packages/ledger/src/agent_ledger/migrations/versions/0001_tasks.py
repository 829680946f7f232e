"""Skills, tasks, results and slots, with the constraints that hold one final state, and the fence `ledger.live`."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table ledger.skills (
            name text not null,
            version text not null,
            engine text not null,
            model text not null,
            pool text not null,
            max_attempts integer not null check (max_attempts between 1 and 20),
            budget json not null,
            concurrency_key text,
            description text not null,
            registered_at timestamptz not null default clock_timestamp(),
            seen_at timestamptz not null default clock_timestamp(),
            primary key (name, version)
        )
    """)
    op.execute("""
        create table ledger.tasks (
            id uuid primary key,
            tenant text not null,
            digest bytea not null,
            body json not null,
            door text not null,
            vendors json not null,
            budget json not null,
            skill text not null,
            skill_version text not null,
            engine text not null,
            model text not null,
            pool text not null,
            priority smallint not null check (priority between 0 and 2),
            dedupe_key text,
            concurrency_key text,
            parent_id uuid,
            max_attempts integer not null check (max_attempts >= 1),
            state text not null default 'queued' check (state in
                ('queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled', 'rejected')),
            attempt integer not null default 0 check (attempt between 0 and max_attempts),
            worker text check (state <> 'running' or worker is not null),
            lease_until timestamptz check ((state = 'running') = (lease_until is not null)),
            not_before timestamptz not null,
            deadline timestamptz,
            created_at timestamptz not null default clock_timestamp(),
            started_at timestamptz,
            finished_at timestamptz,
            cancel_requested_at timestamptz,
            cancelled_by text,
            check ((state in ('succeeded', 'failed', 'cancelled', 'rejected')) = (finished_at is not null)),
            unique (id, state)
        ) with (fillfactor = 80)
    """)
    op.execute("create index tasks_queue on ledger.tasks (priority, not_before, id) where state = 'queued'")
    op.execute("create index tasks_version on ledger.tasks (skill, skill_version) where state = 'queued'")
    op.execute("create index tasks_running on ledger.tasks (id) where state = 'running'")
    op.execute("create index tasks_deadline on ledger.tasks (deadline) where state = 'queued' and deadline is not null")
    op.execute(
        "create index tasks_cancel on ledger.tasks (id) where state = 'queued' and cancel_requested_at is not null"
    )
    op.execute("""
        create unique index tasks_dedupe on ledger.tasks (tenant, dedupe_key)
        where dedupe_key is not null and state in ('queued', 'running', 'waiting')
    """)
    op.execute("create index tasks_recent on ledger.tasks (created_at desc, id desc)")
    op.execute("create index tasks_recent_of_tenant on ledger.tasks (tenant, created_at desc, id desc)")
    op.execute("create index tasks_finished on ledger.tasks (finished_at) where finished_at is not null")
    op.execute("""
        create table ledger.results (
            task_id uuid primary key,
            tenant text not null,
            status text not null check (status in ('succeeded', 'failed', 'cancelled', 'rejected')),
            reason text,
            body json not null,
            finished_at timestamptz not null default clock_timestamp(),
            foreign key (task_id, status) references ledger.tasks (id, state) on delete cascade
        )
    """)
    op.execute("""
        create table ledger.slots (
            tenant text not null,
            key text not null,
            task_id uuid not null unique references ledger.tasks (id) on delete cascade,
            primary key (tenant, key)
        )
    """)
    op.execute("""
        create function ledger.live(task uuid, attempt integer) returns boolean language plpgsql volatile as $$
        begin
            perform 1 from ledger.tasks t
            where t.id = live.task and t.attempt = live.attempt
                and t.state = 'running' and t.lease_until > clock_timestamp()
            for share;
            return found;
        end $$
    """)
    op.execute("""
        create function ledger.refuse_change() returns trigger language plpgsql as $$
        begin
            raise exception using errcode = 'check_violation',
                message = format('%s.%s: a final state never changes', tg_table_schema, tg_table_name);
        end $$
    """)
    op.execute("""
        create trigger tasks_stay_final before update of state, attempt, finished_at on ledger.tasks for each row
        when (old.finished_at is not null) execute function ledger.refuse_change()
    """)
    op.execute("""
        create trigger results_stay before update on ledger.results for each row
        execute function ledger.refuse_change()
    """)
    op.execute("""
        create function ledger.demand_result() returns trigger language plpgsql as $$
        begin
            if exists (select from ledger.tasks t where t.id = new.id)
                and not exists (select from ledger.results r where r.task_id = new.id) then
                raise exception using errcode = 'check_violation',
                    message = format('task %s is final and has no result', new.id);
            end if;
            return null;
        end $$
    """)
    op.execute("""
        create constraint trigger tasks_final_with_result after insert or update of state on ledger.tasks
        deferrable initially deferred for each row
        when (new.finished_at is not null) execute function ledger.demand_result()
    """)
    op.execute("""
        create function ledger.free_slot() returns trigger language plpgsql as $$
        begin
            delete from ledger.slots s where s.task_id = old.id;
            return null;
        end $$
    """)
    op.execute("""
        create trigger tasks_free_slot after update of state on ledger.tasks for each row
        when (old.state = 'running' and new.state <> 'running') execute function ledger.free_slot()
    """)


def downgrade() -> None:
    op.execute("drop table ledger.slots, ledger.results, ledger.tasks, ledger.skills")
    op.execute("drop function ledger.live, ledger.refuse_change, ledger.demand_result, ledger.free_slot")
