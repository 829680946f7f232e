"""What surrounds a task: its stream entries, events, outbox rows, and what its runs left as blobs."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table ledger.entries (
            tenant text not null,
            stream text not null,
            entry text not null,
            task_id uuid not null references ledger.tasks (id) on delete cascade,
            primary key (tenant, stream, entry)
        )
    """)
    op.execute("create index entries_task on ledger.entries (task_id)")
    op.execute("""
        create table ledger.events (
            task_id uuid not null references ledger.tasks (id) on delete cascade,
            attempt integer not null check (attempt >= 0),
            seq integer not null check (seq >= 1),
            tenant text not null,
            at timestamptz not null,
            kind text not null,
            body json not null,
            primary key (task_id, attempt, seq)
        )
    """)
    op.execute("""
        create table ledger.outbox (
            id bigint generated always as identity primary key,
            tenant text not null,
            task_id uuid not null references ledger.tasks (id) on delete cascade,
            kind text not null check (kind in ('results', 'stream', 'url')),
            target text not null,
            attempts integer not null default 0,
            due_at timestamptz not null default clock_timestamp(),
            delivered_at timestamptz,
            failed_at timestamptz,
            error text,
            unique (tenant, task_id, kind, target)
        )
    """)
    op.execute("create index outbox_task on ledger.outbox (task_id)")
    op.execute("create index outbox_due on ledger.outbox (due_at, id) where delivered_at is null and failed_at is null")
    op.execute("""
        create table ledger.blobs (
            tenant text not null,
            sha256 text not null check (length(sha256) = 64),
            size bigint not null,
            data bytea not null,
            used_at timestamptz not null default clock_timestamp(),
            primary key (tenant, sha256)
        )
    """)
    op.execute("alter table ledger.blobs alter column data set storage external")
    op.execute("create index blobs_used on ledger.blobs (used_at)")
    op.execute("""
        create table ledger.attachments (
            task_id uuid not null references ledger.tasks (id) on delete cascade,
            attempt integer not null,
            kind text not null check (kind in ('session', 'transcript', 'artifact')),
            name text not null,
            tenant text not null,
            sha256 text not null,
            at timestamptz not null default clock_timestamp(),
            primary key (task_id, attempt, kind, name),
            foreign key (tenant, sha256) references ledger.blobs (tenant, sha256)
        )
    """)
    op.execute("create index attachments_blob on ledger.attachments (tenant, sha256)")


def downgrade() -> None:
    op.execute("drop table ledger.attachments, ledger.blobs, ledger.outbox, ledger.events, ledger.entries")
