"""Webhook events, unique by tenant, source and the identity that the source computes: no tenant hides another's."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table control.deliveries rename column body_hash to identity")
    op.execute("alter table control.deliveries drop constraint deliveries_pkey")
    op.execute("alter table control.deliveries add primary key (tenant, source, identity)")


def downgrade() -> None:
    op.execute("truncate control.deliveries")
    op.execute("alter table control.deliveries drop constraint deliveries_pkey")
    op.execute("alter table control.deliveries rename column identity to body_hash")
    op.execute("alter table control.deliveries add primary key (source, body_hash)")
