"""The instances of a source that an event is known to: another one's triggers may still fire for it."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table control.deliveries add column instances text[] not null default '{}'")
    op.execute("""update control.deliveries set instances = '{""}' where outcome::text <> '{}'""")


def downgrade() -> None:
    op.execute("alter table control.deliveries drop column instances")
