"""What a skill's input must look like, so that a door can refuse what does not fit."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table ledger.skills add column input_schema json")


def downgrade() -> None:
    op.execute("alter table ledger.skills drop column input_schema")
