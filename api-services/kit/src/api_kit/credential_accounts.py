"""Finds out by which account each credential writes, and keeps it: control compares it with its own accounts."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import agent_effects
from agent_stores.pool import DATABASE_ERRORS
from service_kit.access import AccessFile

from api_kit.errors import Refusal
from api_kit.gateway import Gateway
from api_kit.vendor import Credential

AGAIN_SECONDS = 3600.0
AFTER_FAILURE_SECONDS = 30.0
PATIENCE_SECONDS = 2.0
KEEPING_SECONDS = 0.5
"""With the patience less than `/ready` gives a check: a vendor that is away makes no gateway unready."""


@dataclass
class CredentialAccounts:
    """Asks the vendor when `/ready` is asked: for each credential once an hour, or half a minute after a failure.

    The vendor is one that tells by which account a credential writes.

    Attributes:
        due: when each credential is asked next, by its name; one that was never asked is due first.
        known: what the vendor last answered for a credential; None where it does not tell.
        kept: what the database was last given: each tenant's account, and the tenants whose account may stay.
    """

    gateway: Gateway
    access: AccessFile
    due: dict[str, float] = field(default_factory=dict)
    known: dict[str, str | None] = field(default_factory=dict)
    kept: tuple[dict[str, str], list[str]] | None = None

    async def look(self) -> None:
        """Ask for what is due within the patience, the rest at the next look; and keep what is found."""
        tenants = self._credentials()
        await self._ask({credential.name: credential for credential in tenants.values()})
        answers = {tenant: self.known[one.name] for tenant, one in tenants.items() if one.name in self.known}
        found = {tenant: account for tenant, account in answers.items() if account}
        staying = [tenant for tenant in tenants if tenant in found or tenant not in answers]
        if (found, staying) == self.kept:
            return
        try:
            async with asyncio.timeout(KEEPING_SECONDS):
                await agent_effects.keep_accounts(
                    self.gateway.effects.pool, self.gateway.vendor.name, found, staying=staying
                )
        except (TimeoutError, *DATABASE_ERRORS):
            return
        self.kept = found, staying

    def _credentials(self) -> dict[str, Credential]:
        """Return the credential of each tenant that has one: without it a tenant writes nothing."""
        vendor, found = self.gateway.vendor, {}
        for tenant, entry in self.access.current().tenants.items():
            if vendor.name in entry.vendors:
                try:
                    found[tenant] = vendor.credential(tenant)
                except Refusal:
                    continue
        return found

    async def _ask(self, credentials: Mapping[str, Credential]) -> None:
        self.due = {name: self.due.get(name, 0.0) for name in credentials}
        self.known = {name: account for name, account in self.known.items() if name in credentials}
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                for name in sorted(credentials, key=self.due.__getitem__):
                    if self.due[name] <= time.monotonic():
                        self.due[name] = time.monotonic() + AFTER_FAILURE_SECONDS
                        await self._ask_for(credentials[name])
        except TimeoutError:
            return

    async def _ask_for(self, credential: Credential) -> None:
        account = self.gateway.vendor.account
        assert account is not None
        try:
            async with self.gateway.upstream.session(credential) as session:
                self.known[credential.name] = await account(session.fetch)
        except Refusal:
            return
        self.due[credential.name] = time.monotonic() + AGAIN_SECONDS
        self.kept = None
