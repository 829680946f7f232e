"""Finds out by which account each credential writes, and keeps it: control compares it with its own accounts."""

import asyncio
import time
from dataclasses import dataclass

import agent_effects
from agent_stores.pool import DATABASE_ERRORS
from service_kit.access import AccessFile

from api_kit.errors import Refusal
from api_kit.gateway import Gateway

AGAIN_SECONDS = 3600.0
AFTER_FAILURE_SECONDS = 30.0
PATIENCE_SECONDS = 2.0
"""Less than `/ready` gives a check: a vendor that is away makes no gateway unready."""


@dataclass
class OwnAccounts:
    """Asks the vendor when `/ready` is asked, at most once an hour, or half a minute after it could not be asked."""

    gateway: Gateway
    access: AccessFile
    due: float = 0.0

    async def look(self) -> None:
        """Ask and keep what is due; whoever cannot be asked or told now is later."""
        if self.gateway.vendor.account is None or time.monotonic() < self.due:
            return
        self.due = time.monotonic() + AFTER_FAILURE_SECONDS
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                found = await self._ask()
                await agent_effects.keep_accounts(self.gateway.effects.pool, self.gateway.vendor.name, found)
        except (Refusal, TimeoutError, *DATABASE_ERRORS):
            return
        self.due = time.monotonic() + AGAIN_SECONDS

    async def _ask(self) -> dict[str, str]:
        vendor = self.gateway.vendor
        assert vendor.account is not None
        known: dict[str, str | None] = {}
        found = {}
        for tenant, entry in self.access.current().tenants.items():
            if vendor.name not in entry.vendors:
                continue
            try:
                credential = vendor.credential(tenant)
            except Refusal:  # a tenant without a credential writes nothing
                continue
            if credential.name not in known:
                async with self.gateway.upstream.session(credential) as session:
                    known[credential.name] = await vendor.account(session.fetch)
            if account := known[credential.name]:
                found[tenant] = account
        return found
