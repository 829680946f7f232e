"""Evidence: which tool results of a task are proven by a ref that the engine recomputed."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from agent_contracts import TaskEvent
from agent_contracts.event import Body, ToolResult
from agent_vendors import Vendor
from service_kit.refs import REFUSED, ref_fits

from agent_engine.skills.format import BUILT_IN_TOOLS


class Evidence:
    """Watches the events of one attempt, with what earlier attempts of the task have proven.

    Attributes:
        refs: the tool behind each ref that fits, of successful results alone.
        failed: the last error of each tool that failed.
        denied: tools that were refused to the agent.
    """

    def __init__(self, *, key: bytes, task: UUID, attempt: int) -> None:
        self._key = key
        self._task = task
        self._attempt = attempt
        self.refs: dict[str, str] = {}
        self.failed: dict[str, str] = {}
        self.denied: set[str] = set()

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
        if not isinstance(body, ToolResult):
            return body
        name = named(body)
        ref = (
            ref_fits(self._key, task=self._task, attempt=self._attempt, tool=name, reply=body.text, failed=not body.ok)
            if body.server
            else None
        )
        denied = body.denied or (not body.ok and ref is not None and body.text.startswith(REFUSED))
        if denied:
            self.denied.add(name)
        elif not body.ok:
            self.failed[name] = body.text
        elif ref is not None:
            self.refs[ref] = name
        return body.model_copy(update={"ref": ref, "denied": denied})

    @property
    def proven(self) -> frozenset[str]:
        """The tools that have succeeded at least once, with a ref that fits."""
        return frozenset(self.refs.values())


def named(result: ToolResult) -> str:
    """Name a result's tool as in `github/issue_read`; an engine's built-in tools have no server."""
    return f"{result.server}/{result.tool}" if result.server else result.tool


def known_name(result: ToolResult, vendors: Mapping[str, Vendor]) -> str:
    """Name a result's tool for metrics. A name that no server has counts as `other`: agents invent names."""
    if result.server is None:
        return result.tool if result.tool in BUILT_IN_TOOLS else "other"
    vendor = vendors.get(result.server)
    return named(result) if vendor is not None and result.tool in vendor.tools else "other"
