"""Evidence: which tool results of a task are proven by a ref that the engine recomputed."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from agent_contracts import TaskEvent
from agent_contracts.event import Body, ToolCall, ToolResult
from agent_vendors import Vendor
from service_kit.refs import REFUSED, ref_fits, retry_after

from agent_engine.skills.format import BUILT_IN_TOOLS


@dataclass(frozen=True)
class Outage:
    """A call that failed for want of the vendor: the tool, the error, and the seconds to wait if known."""

    tool: str
    text: str
    seconds: float | None


class Evidence:
    """Watches the events of one attempt, with what earlier attempts of the task have proven.

    Attributes:
        refs: the tool behind each ref that fits, of successful results alone.
        failed: the last error of each tool that failed.
        denied: tools that were refused to the agent.
        outages: by call, those that failed for want of the vendor or of what stands before it, and did not succeed
            when they were made again.
    """

    def __init__(self, *, key: bytes, task: UUID, attempt: int) -> None:
        self._key = key
        self._task = task
        self._attempt = attempt
        self.refs: dict[str, str] = {}
        self.failed: dict[str, str] = {}
        self.denied: set[str] = set()
        self.outages: dict[int, Outage] = {}
        self._calls: dict[str, int] = {}

    def recall(self, events: Iterable[TaskEvent]) -> None:
        """Take what earlier attempts have proven, from the ledger's own events."""
        for event in events:
            if isinstance(event.body, ToolResult) and event.body.ok and event.body.ref:
                self.refs[event.body.ref] = named(event.body)

    def observe(self, body: Body) -> Body:
        """Recompute the ref of a tool result. The ref covers whether the call failed, so an event cannot hide that.

        Returns:
            The body, with `ref` set where it fits and None everywhere else, and `denied` where the server itself
            refused the call; its text is left as it is.
        """
        if isinstance(body, ToolCall):
            self._calls[body.call_id] = hash((named(body), json.dumps(body.input, sort_keys=True)))
        if not isinstance(body, ToolResult):
            return body
        name, failed, call = named(body), not body.ok, self._calls.get(body.call_id, hash(body.call_id))
        fitting = partial(
            ref_fits, self._key, task=self._task, attempt=self._attempt, tool=name, reply=body.text, failed=failed
        )
        ref = fitting() if body.server else None
        if body.server and failed and ref is None and (ref := fitting(unavailable=True)):
            self.outages[call] = Outage(name, body.text, retry_after(body.text))
        denied = body.denied or (not body.ok and ref is not None and body.text.startswith(REFUSED))
        if denied:
            self.denied.add(name)
        elif not body.ok:
            self.failed[name] = body.text
        elif ref is not None:
            self.refs[ref] = name
            self.outages.pop(call, None)
        return body.model_copy(update={"ref": ref, "denied": denied})

    @property
    def proven(self) -> frozenset[str]:
        """The tools that have succeeded at least once, with a ref that fits."""
        return frozenset(self.refs.values())


def named(result: ToolCall | ToolResult) -> str:
    """Name the tool of a call or result as in `github/issue_read`; an engine's built-in tools have no server."""
    return f"{result.server}/{result.tool}" if result.server else result.tool


def known_name(result: ToolResult, vendors: Mapping[str, Vendor]) -> str:
    """Name a result's tool for metrics. A name that no server has counts as `other`: agents invent names."""
    if result.server is None:
        return result.tool if result.tool in BUILT_IN_TOOLS else "other"
    vendor = vendors.get(result.server)
    return named(result) if vendor is not None and result.tool in vendor.tools else "other"
