"""The accounts by which gateways write; indexes by which the effect behind an event is found."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table gateway.accounts (
            vendor text not null,
            tenant text not null,
            account text not null,
            primary key (vendor, tenant)
        )
    """)
    # A row of an index has at most 2.7 KB; targets and urls have no bound.
    op.execute("create index effects_of_target on gateway.effects (tenant, vendor, left(lower(target), 500), sent_at)")
    op.execute("create index effects_of_url on gateway.effects (tenant, vendor, md5(url)) where url is not null")
