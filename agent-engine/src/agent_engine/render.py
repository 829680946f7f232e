"""Shows tasks on a terminal: events as lines while they come, and the result at the end.

Everything that came from outside is printed as plain text without escape sequences, never as markup.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from agent_contracts import TaskEvent, TaskResult
from agent_contracts.event import (
    Approval,
    Finished,
    Queued,
    RetryEvent,
    Started,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    UsageEvent,
)
from agent_contracts.event import Warning as WarningEvent
from agent_ledger import TaskView
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text as Line
from service_kit.untrusted_text import for_terminal

FIRST_ARGUMENTS = ("repository", "issue", "pull_request", "method", "path", "query", "labels", "state", "body", "title")
"""Shown first, in this order: what a reader wants to know of a call."""
ARGUMENT_LIMIT = 60
ARGUMENTS_LIMIT = 140
TEXT_LIMIT = 300
ID_WIDTH = 36
LABELS_WIDTH = 20
"""The time of an event and its kind, before its text."""
WIDEST_TABLE = 10_000
COLUMNS = ("task", "state", "skill", "attempt", "door", "created", "key")
STYLES = {"succeeded": "bold green", "failed": "bold red", "cancelled": "bold yellow", "rejected": "bold red"}


def plain(text: object, limit: int | None = None, style: str = "") -> Line:
    """Make a line of foreign text: one line, no escape sequences, no markup, cut with a mark."""
    clean = " ".join(for_terminal(str(text)).split())
    if limit is not None and len(clean) > limit:
        clean = clean[: limit - 1] + "…"
    return Line(clean, style=style)


def arguments(given: Mapping[str, Any]) -> Line:
    """Show a call's arguments in one line, the telling ones first."""
    order = sorted(given, key=lambda name: (FIRST_ARGUMENTS.index(name) if name in FIRST_ARGUMENTS else 99, name))
    parts = []
    for name in order:
        value = given[name]
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        parts.append(f"{name}={plain(shown, ARGUMENT_LIMIT).plain}")
    return plain(" ".join(parts), ARGUMENTS_LIMIT)


class LiveView:
    """Prints a task's events, one line each; a tool call is printed when its result is there."""

    def __init__(self, console: Console, *, thinking: bool = False) -> None:
        self._console = console
        self._thinking = thinking
        self._began: datetime | None = None
        self._calls: dict[str, ToolCall] = {}

    def show(self, event: TaskEvent) -> None:
        """Print one event."""
        self._began = self._began or event.at
        line = self._line(event)
        if line is not None:
            seconds = (event.at - self._began).total_seconds()
            whole = Line.assemble((f"{seconds:7.1f}s  ", "dim"), line)
            whole.rstrip()
            self._print(whole)

    def _print(self, line: Line) -> None:
        """Print a line; a terminal gets what does not fit its width beneath, a pipe or file the line as it is."""
        if not self._console.is_terminal:
            self._console.print(line, soft_wrap=True)
            return
        grid = Table.grid()
        grid.add_column(width=LABELS_WIDTH, no_wrap=True)
        grid.add_column(overflow="fold")
        grid.add_row(line[:LABELS_WIDTH], line[LABELS_WIDTH:])
        self._console.print(grid)

    def _line(self, event: TaskEvent) -> Line | None:  # noqa: C901 - one branch a kind of event
        match event.body:
            case Queued(skill=skill, door=door):
                return Line.assemble(("queued    ", "cyan"), plain(skill), " through ", plain(door))
            case Started() as body:
                return _started(event.attempt, body)
            case Text(text=text):
                return Line.assemble(("says      ", "white"), plain(text, TEXT_LIMIT))
            case Thinking(text=text):
                if not self._thinking:
                    return None
                return Line.assemble(("thinks    ", "dim"), plain(text, TEXT_LIMIT, "dim"))
            case ToolCall() as body:
                self._calls[body.call_id] = body
                return None
            case ToolResult() as body:
                return self._tool(body)
            case UsageEvent(usage=usage):
                tokens = f"{usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens} in"
                return Line.assemble(("tokens    ", "dim"), (f"{tokens}, {usage.output_tokens} out", "dim"))
            case Approval(proposal=proposal, state=state):
                return Line.assemble(("approval  ", "magenta"), plain(proposal), " ", plain(state))
            case RetryEvent() as body:
                again = f"{body.reason}: again in {body.after_seconds:.1f} s"
                return Line.assemble(("retry     ", "yellow"), again, " ", plain(body.message, TEXT_LIMIT, "dim"))
            case WarningEvent(message=message):
                return Line.assemble(("warning   ", "yellow"), plain(message, TEXT_LIMIT))
            case Finished() as body:
                style = STYLES.get(body.status, "bold")
                reason = f" ({body.reason})" if body.reason else ""
                return Line.assemble(
                    ("finished  ", style),
                    plain(f"{body.status}{reason}", 60, style),
                    " ",
                    plain(body.message, TEXT_LIMIT),
                )
        return None

    def _tool(self, result: ToolResult) -> Line:
        call = self._calls.pop(result.call_id, None)
        name = tool_name(result.server, result.tool)
        outcome, style = ("denied", "red") if result.denied else ("ok", "green") if result.ok else ("failed", "red")
        line = Line.assemble(("tool      ", "blue"), plain(name, 60, "bold"), " ")
        line.append_text(arguments(call.input) if call is not None else Line(""))
        line.append(f"  {outcome}", style=style)
        if result.ref:
            line.append(f"  ref {result.ref}", style="dim")
        if not result.ok:
            line.append_text(Line.assemble("  ", plain(result.text, 160, "red")))
        return line


def tool_name(server: str | None, tool: str) -> str:
    """Name a tool with its server."""
    return f"{server}/{tool}" if server else tool


def _started(attempt: int, body: Started) -> Line:
    line = Line.assemble(
        ("started   ", "cyan"), f"attempt {attempt}: ", plain(body.driver), " with ", plain(body.model)
    )
    line.append_text(Line.assemble((", confined by ", "dim"), plain(body.confinement, None, "dim")))
    for name, address in body.servers.items():
        line.append_text(Line.assemble((", ", "dim"), plain(f"{name} over {address}", None, "dim")))
    line.append_text(Line.assemble((", on ", "dim"), plain(body.worker, None, "dim")))
    return line


def _verdict_line(result: TaskResult) -> Line:
    style = STYLES[result.status]
    line = Line.assemble((result.status, style))
    if result.reason:
        line.append(f" ({result.reason})", style=style)
    if result.message:
        line.append_text(Line.assemble(": ", plain(result.message, 500)))
    return line


def result_view(result: TaskResult) -> RenderableType:
    """Show a result: verdict, output, claims with their refs, effects, tokens and cost."""
    parts: list[RenderableType] = [_verdict_line(result)]
    if result.output is not None:
        shown = (
            result.output if isinstance(result.output, str) else json.dumps(result.output, indent=2, ensure_ascii=False)
        )
        parts.append(Panel(Line(for_terminal(shown)), title="output", title_align="left", border_style="dim"))
    if result.claims:
        claims = Table(title="claims", title_justify="left", box=None, padding=(0, 2, 0, 0), show_header=False)
        for claim in result.claims:
            claims.add_row(plain(" ".join(claim.refs), 100, "green"), plain(claim.statement))
        parts.append(claims)
    parts.append(_effects_view(result))
    parts.extend(
        Line.assemble("artifact ", plain(artifact.name), f" ({artifact.bytes} bytes)") for artifact in result.artifacts
    )
    usage = result.usage
    read = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens
    parts.append(
        Line(
            f"{usage.requests} requests, {read} tokens in, {usage.output_tokens} out, {usage.tool_calls} tool calls, "
            f"${result.cost_usd:.4f} at list prices, {result.attempts} attempt{'' if result.attempts == 1 else 's'}",
            style="dim",
        )
    )
    return Group(*parts)


def _effects_view(result: TaskResult) -> RenderableType:
    if not result.effects:
        return Line("effects: none", style="dim")
    table = Table(title="effects", title_justify="left", box=None, padding=(0, 2, 0, 0), show_header=False)
    for _ in range(4):
        table.add_column(overflow="fold")
    for effect in result.effects:
        style = "green" if effect.state == "done" else "yellow"
        table.add_row(
            Line(effect.state, style=style),
            plain(f"{effect.vendor}/{effect.tool or effect.route}"),
            plain(effect.target),
            plain(effect.url or ""),
        )
    return table


def task_view(view: TaskView, confinement: str | None = None, waits: str | None = None) -> RenderableType:
    """Show a task's row in the ledger, what confines it and what it waits for."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    rows: dict[str, object] = {
        "task": view.id,
        "state": view.state.value + (f" ({view.reason})" if view.reason else ""),
        "waiting": waits,
        "skill": f"{view.skill} {view.skill_version[:12]}",
        "engine": f"{view.engine}, {view.model}",
        "door": f"{view.door}, tenant {view.tenant}",
        "attempt": f"{view.attempt} of {view.max_attempts}",
        "worker": view.worker,
        "confined by": confinement,
        "key": view.concurrency_key,
        "created": _moment(view.created_at),
        "started": _moment(view.started_at),
        "finished": _moment(view.finished_at),
        "cancelled by": view.cancelled_by,
        "parent": view.parent_id,
    }
    for name, value in rows.items():
        if value is not None:
            table.add_row(Line(name, style="dim"), plain(value))
    return table


def tasks_view(views: Sequence[TaskView], width: int | None = None) -> RenderableType:
    """Show tasks as a table, newest first; the last columns are left out until id, state and the rest fit the width."""
    shown = list(COLUMNS)
    while True:
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        table.add_column("task", no_wrap=True, min_width=ID_WIDTH)
        for name in shown[1:]:
            table.add_column(name, overflow="fold")
        for view in views:
            cells = _cells(view)
            table.add_row(*(cells[name] for name in shown))
        if width is None or len(shown) == 2 or Console(width=WIDEST_TABLE).measure(table).maximum <= width:
            return table
        shown.pop()


def _cells(view: TaskView) -> dict[str, Line]:
    style = STYLES.get(view.state.value, "")
    return {
        "task": Line(str(view.id)),
        "state": Line(view.state.value + (f" ({view.reason})" if view.reason else ""), style=style),
        "skill": plain(view.skill),
        "attempt": Line(f"{view.attempt}/{view.max_attempts}"),
        "door": plain(view.door),
        "created": plain(_moment(view.created_at)),
        "key": plain(view.concurrency_key or "", 60),
    }


def _moment(at: datetime | None) -> str | None:
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z") if at else None
