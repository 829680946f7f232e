"""The accounts by which gateways write, in table `gateway.accounts`: control compares them with its own accounts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from agent_stores.pool import Executor


@dataclass(frozen=True)
class Account:
    """The account by which a vendor's gateway writes for a tenant."""

    vendor: str
    tenant: str
    account: str


async def keep_accounts(
    conn: Executor, vendor: str, accounts: Mapping[str, str], *, staying: Collection[str] = ()
) -> None:
    """Keep the account of each tenant at a vendor, in place of all that were kept for the vendor.

    What was kept for the `staying` tenants stays: nothing newer is known of them.
    """
    await conn.execute(
        """
        with now as (
            select unnest($2::text[]) as tenant, unnest($3::text[]) as account
        ), gone as (
            delete from gateway.accounts where vendor = $1 and tenant <> all ($2::text[] || $4::text[])
        )
        insert into gateway.accounts (vendor, tenant, account) select $1, tenant, account from now
        on conflict (vendor, tenant) do update set account = excluded.account
        """,
        vendor,
        list(accounts),
        list(accounts.values()),
        list(staying),
    )


async def accounts(conn: Executor) -> list[Account]:
    """Return all accounts that are known."""
    rows = await conn.fetch("select vendor, tenant, account from gateway.accounts order by 1, 2")
    return [Account(**dict(row)) for row in rows]
