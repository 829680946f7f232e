"""Compares the accounts by which gateways write with the own accounts of sources, for `/ready`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
from agent_effects import accounts

from control_api.errors import Refusal
from control_api.sources.instances import Instances
from control_api.sources.protocol import Instance


@dataclass
class UnknownAccounts:
    """Knows after each look which gateway writes by an account that is none of its source's own."""

    pool: asyncpg.Pool
    groups: Sequence[Instances[Any]]
    found: Sequence[str] = ()

    async def look(self) -> None:
        """Compare: gateways keep their accounts in the database."""
        written = {(one.vendor, one.tenant): one.account for one in await accounts(self.pool)}
        told = []
        for instance in self._instances():
            account = written.get((instance.source.vendor, instance.door.tenant))
            if account is not None and account.casefold() not in instance.own_accounts:
                told.append(_told(instance, account))
        self.found = told

    def faults(self) -> Sequence[str]:
        """Give what the last look found of each account that is not known."""
        return self.found

    def _instances(self) -> Iterator[Instance[Any]]:
        for group in self.groups:
            for source, name in group.entries():
                try:
                    yield group.find(source, name)
                except Refusal:  # an entry without a secret is not in use
                    continue


def _told(instance: Instance[Any], account: str) -> str:
    variables = [name.upper() for name in type(instance.settings).model_fields if "own" in name]
    named = instance.door.own_accounts or not variables
    where = f"own_accounts of {instance.key} in access.yaml" if named else variables[0]
    return (
        f"{instance.source.vendor}-api writes as {account}, which is none of the own accounts of {instance.key} "
        f"({', '.join(sorted(instance.own_accounts)) or 'none'}): add it to {where}, unless what {account} does "
        "elsewhere shall start tasks"
    )
