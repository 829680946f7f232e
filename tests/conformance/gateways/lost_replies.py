"""Plays a write of a route whose reply is lost, until it is told as done, and compares what the vendor then holds."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import agent_ledger
import asyncpg
import httpx
from agent_contracts import TaskResult
from api_kit import Route
from conformance.gateways.record import Ask, Writes
from fixtures.gateway import House, running_task
from stand_ins.kit.faults import Fault, Match

STATE = "x-agent-effect-state"
LATER = "update gateway.effects set sent_at = sent_at - interval '121 seconds' where state = 'unknown'"
MOST_REPEATS = 4
VARYING = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32,40}|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|\+00:00)"
)
"""Ids of effects and commits, and times."""


@dataclass
class Played:
    """What the vendor held at the end, and what went wrong on the way."""

    state: Any
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Trial:
    """A route's request, asked by a task; a dangerous one by a service that may write."""

    api: House
    writes: Writes
    pool: asyncpg.Pool
    route: Route

    async def play(self, fault: str | None) -> Played:
        """Begin anew, ask, and repeat it until it is done; where a fault strikes it, once more after that."""
        self.api.app.controls.reset()
        stand_in = self.api.app.stand_in
        made = self.writes.asks[self.route.name](stand_in)
        ask = replace(made, method=self.route.method, tool=min(self.route.tools))
        if fault:
            is_operation = "/graphql/" in self.route.name
            match = Match(
                method=ask.method,
                path_regex="/graphql$" if is_operation else "",
                body_regex="mutation" if is_operation else "",
            )
            self.api.app.controls.gate.faults.append(Fault(fault=fault, match=match))
        token, task, attempt = await self._task()
        replies = [await self._ask(ask, token)]
        if fault and self.api.app.controls.gate.faults:
            return Played(None, [f"the fault did not strike: {replies[0].status_code} {replies[0].text[:200]}"])
        while not _is_done(replies[-1]) and len(replies) < MOST_REPEATS:
            await self.pool.execute(LATER)
            replies.append(await self._ask(ask, token))
        if fault and token and _is_done(replies[-1]):
            await self._ask(ask, token)
        if task:
            await agent_ledger.finish(self.pool, task, attempt, TaskResult(task_id=task, status="succeeded", output=""))
        told = [f"{one.status_code} {one.headers.get(STATE)} {one.text[:150]}" for one in replies]
        if not _is_done(replies[-1]):
            return Played(None, [f"it was never told as done ({fault}): {told}"])
        return Played(flat(self.writes.state(stand_in)))

    async def _task(self) -> tuple[str | None, UUID | None, int]:
        if self.route.access == "danger":
            return None, None, 0
        task, attempt = await running_task(self.pool)
        return self.api.token(self.writes.grant, task=task, attempt=attempt), task, attempt

    async def _ask(self, ask: Ask, token: str | None) -> httpx.Response:
        form = {"content-type": "application/x-www-form-urlencoded"} if ask.form is not None else {}
        return await self.api.ask(
            ask.method,
            ask.target,
            service="" if token else "writer",
            token=token,
            tool=ask.tool,
            body=ask.body,
            content=ask.form.encode() if ask.form is not None else None,
            headers=form,
        )


def _is_done(reply: httpx.Response) -> bool:
    return reply.is_success and reply.headers.get(STATE) in ("done", "partial")


def flat(thing: Any, known: dict[int, Any] | None = None) -> Any:
    """Return records as plain values, without what varies from one time to another; each is read once."""
    if isinstance(thing, datetime):
        return "a time"
    if isinstance(thing, str | bytes):
        return VARYING.sub("*", thing.decode("utf-8", "replace") if isinstance(thing, bytes) else thing)
    if isinstance(thing, int | float | None):
        return thing
    known = {} if known is None else known
    if id(thing) not in known:
        known[id(thing)] = "as above"
        known[id(thing)] = _flat(thing, known)
    return known[id(thing)]


def _flat(thing: Any, known: dict[int, Any]) -> Any:
    if isinstance(thing, Mapping):
        return sorted(((flat(key, known), flat(value, known)) for key, value in thing.items()), key=_by_name)
    if isinstance(thing, list | tuple | set | frozenset):
        return [flat(one, known) for one in (thing if isinstance(thing, list | tuple) else sorted(thing, key=repr))]
    if is_dataclass(thing):
        return {one.name: flat(getattr(thing, one.name), known) for one in fields(thing)}
    return type(thing).__name__


def _by_name(row: tuple[Any, Any]) -> str:
    return repr(row[0])


def differences(first: Any, second: Any, place: str = "") -> list[str]:
    """Say where two states differ."""
    if first == second:
        return []
    if isinstance(first, dict) and isinstance(second, dict):
        return [one for key in first for one in differences(first[key], second.get(key), f"{place}.{key}")]
    same_length = isinstance(first, list) and isinstance(second, list) and len(first) == len(second)
    if same_length or (isinstance(first, tuple) and isinstance(second, tuple)):
        pairs = enumerate(zip(first, second, strict=True))
        return [one for number, (a, b) in pairs for one in differences(a, b, f"{place}[{number}]")]
    return [f"{place} is {str(first)[:200]} after one write, and {str(second)[:200]}"]
