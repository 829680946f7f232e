"""`agent-engine tasks`, `show`, `tail`, `cancel`, `retry` and `prune`: tasks in the ledger."""

import re
import sys
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import agent_effects
import agent_ledger
import asyncpg
import typer
from agent_contracts import Actor, TaskEvent, TaskState
from agent_contracts.event import Started
from agent_ledger import CancelOutcome, TaskView
from rich.text import Text
from service_kit.settings import load
from service_kit.stdio import stdout_closed
from service_kit.untrusted_text import clean_line, for_terminal

from agent_engine.cli.console import (
    DONE,
    FAILED,
    Json,
    Output,
    UsageError,
    command,
    exit_on_error,
    finish,
    ledger,
    tell,
)
from agent_engine.cli.input import SHOWN
from agent_engine.cli.queue_diagnostics import waits_for, watching
from agent_engine.cli.submit import cli_door, show_result, user
from agent_engine.conversation import conversation
from agent_engine.event_follower import Patience, follow
from agent_engine.render import LiveView, result_view, task_view, tasks_view
from agent_engine.settings import LedgerAccess, SubmitAccess

TaskId = Annotated[UUID, typer.Argument(help="The task's id.", metavar="TASK")]
AGE = re.compile(r"(\d{1,5})([hdw])")
UNITS = {"h": "hours", "d": "days", "w": "weeks"}
MOST_BEFORE_START = 10
STATES = ", ".join(TaskState)


@command
async def tasks(
    state: Annotated[
        list[TaskState] | None, typer.Option(metavar="STATE", help=f"Only in this state: {STATES}; may be repeated.")
    ] = None,
    skill: Annotated[str | None, typer.Option(metavar="SKILL", help="Only of this skill.")] = None,
    tenant: Annotated[str | None, typer.Option(metavar="TENANT", help="Only of this tenant.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, metavar="COUNT", help="At most so many.")] = 20,
    as_json: Json = False,
) -> int:
    """List tasks, newest first.

    A narrow terminal shows fewer columns; --json gives all.
    """
    output = Output(as_json=as_json)
    async with ledger(load(LedgerAccess).database_url) as pool:
        views = await agent_ledger.list_tasks(pool, tenant=tenant, states=state, skill=skill, limit=limit)
    output.show(tasks_view(views, output.width) if views else Text("no tasks", style="dim"))
    for view in views:
        output.data(row(view))
    return DONE


@command
async def show(
    task: TaskId,
    transcript: Annotated[bool, typer.Option("--transcript", help="Print the conversation instead.")] = False,
    raw: Annotated[bool, typer.Option("--raw", help="With --transcript: as the CLI wrote it.")] = False,
    attempt: Annotated[
        int | None, typer.Option(min=1, metavar="NUMBER", help="The transcript of this attempt; else the last.")
    ] = None,
    events: Annotated[bool, typer.Option("--events", help="Show every event too.")] = False,
    as_json: Json = False,
) -> int:
    """Show a task: its row and result, its events, or a transcript."""
    if (attempt is not None or raw) and not transcript:
        raise UsageError("--attempt and --raw are of a transcript: give --transcript too")
    if transcript and (events or as_json):
        raise UsageError("--transcript prints the transcript alone: leave --events and --json out")
    output = Output(as_json=as_json)
    async with ledger(load(LedgerAccess).database_url) as pool:
        view = await known(pool, task)
        if transcript:
            return await _show_transcript(output, pool, view, attempt, raw=raw)
        told = await _all_events(pool, task) if events else []
        result = await agent_ledger.get_result(pool, task)
        confinement = await confined_by(pool, view)
        waits = await waits_for(pool, view)
        if told and not as_json:
            live = LiveView(output.console, thinking=True)
            for event in told:
                live.show(event)
            output.show(Text())
        output.show(task_view(view, confinement, waits))
        if result is not None:
            output.show(result_view(result))
        document: dict[str, Any] = {"task": row(view), "result": result.model_dump(mode="json") if result else None}
        document |= {"confinement": confinement, "waits_for": waits}
        if events:
            document["events"] = [event.model_dump(mode="json") for event in told]
        output.data(document)
    return DONE


@command
async def tail(task: TaskId, as_json: Json = False) -> int:
    """Follow a task from its first event to its result."""
    output = Output(as_json=as_json)
    async with ledger(load(LedgerAccess).database_url) as pool:
        await known(pool, task)
        view = LiveView(output.console)
        patience = Patience(task, partial(tell, "ledger"))
        async with watching(pool, task):
            async for event in follow(pool, task, patience):
                if as_json:
                    output.data(event.model_dump(mode="json"))
                else:
                    view.show(event)
                if stdout_closed():
                    return DONE
        return await show_result(output, pool, task, patience, with_row=False)


@command
async def cancel(task: TaskId, as_json: Json = False) -> int:
    """Cancel a task.

    A queued task ends at once; the worker of a running one is told to stop it.
    """
    output = Output(as_json=as_json)
    async with ledger(load(LedgerAccess).database_url) as pool:
        await known(pool, task)
        outcome = await agent_ledger.cancel(pool, task, tenant=None, by=f"cli:{user()}")
    output.show(Text(outcome.value.replace("_", " ")))
    output.data({"id": task, "outcome": outcome.value})
    return DONE if outcome in (CancelOutcome.cancelled, CancelOutcome.requested) else FAILED


@command
async def retry(task: TaskId, as_json: Json = False) -> int:
    """Submit a final task again, as a new task.

    The old one is its parent, and the door is the command line's own. It may do no more than the old task might, and no
    more than the door allows now.
    """
    output = Output(as_json=as_json)
    settings = load(SubmitAccess)
    door = cli_door(settings)
    async with ledger(settings.database_url) as pool:
        new = await agent_ledger.retry(pool, task, door=door, actor=Actor(kind="person", id=user()))
        view = await known(pool, new)
    if view.parent_id == task:
        output.show(Text(f"queued again as task {new}"))
    else:
        output.show(Text(f"nothing queued: task {new} is under way and has the same dedupe key"))
    output.data({"id": new, "parent_id": view.parent_id})
    return DONE


def prune(
    older_than: Annotated[str, typer.Option(metavar="AGE", help="Age from which final tasks go: 12h, 30d, 8w.")],
    tenant: Annotated[str | None, typer.Option(metavar="TENANT", help="Only of this tenant.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say how much would go, and keep it.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Delete old final tasks with all that they left.

    That is events, transcripts, sessions, gateways' rows and unused blobs. On a terminal it asks first; elsewhere it
    wants --yes where the age is less than a day.
    """
    with exit_on_error():
        age = _read_age(older_than)
        if not (dry_run or yes):
            _confirm_prune(older_than, age, tenant)  # here, where no event loop keeps Ctrl-C from ending it
    finish(_pruned(Output(as_json=as_json), age, tenant, keep=dry_run))


def _confirm_prune(older_than: str, age: timedelta, tenant: str | None) -> None:
    whose = f"of tenant {tenant}" if tenant else "of every tenant"
    if sys.stdin.isatty():
        question = f"Delete every task {whose} that ended {older_than} ago or before, for good? (--dry-run counts them)"
        if not typer.confirm(question, err=True):
            raise UsageError("nothing was deleted")
    elif age < timedelta(days=1):
        raise UsageError(
            f"--older-than {older_than} deletes tasks {whose} that ended just now: give --yes if that is meant, "
            "--dry-run to see how many they are"
        )


async def _pruned(output: Output, age: timedelta, tenant: str | None, *, keep: bool) -> int:
    """Delete what is old and say how much that is; with `keep`, take it all back."""
    async with ledger(load(LedgerAccess).database_url) as pool, pool.acquire() as connection:
        trial = connection.transaction()
        if keep:
            await trial.start()
        counts = asdict(await agent_ledger.prune(connection, age, tenant=tenant))
        counts |= asdict(await agent_effects.prune(connection, age, tenant=tenant))
        if keep:
            await trial.rollback()
    parts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
    output.show(Text(f"would delete {parts}" if keep else f"deleted {parts}"))
    output.data({**counts, "dry_run": keep})
    return DONE


def _read_age(text: str) -> timedelta:
    match = AGE.fullmatch(text)
    if match is None:
        given = clean_line(text, SHOWN)
        raise UsageError(f"--older-than {given!r} is none: give up to five digits with h, d or w, as in 30d")
    return timedelta(**{UNITS[match[2]]: int(match[1])})


async def known(pool: asyncpg.Pool, task_id: UUID) -> TaskView:
    """Give a task's row. Raises UsageError where there is no such task."""
    view = await agent_ledger.get_task(pool, task_id)
    if view is None:
        raise UsageError(f"there is no task {task_id}: `agent-engine tasks` lists them")
    return view


async def _show_transcript(
    output: Output, pool: asyncpg.Pool, view: TaskView, attempt: int | None, *, raw: bool
) -> int:
    """Print an attempt's conversation by its events, or what its CLI wrote."""
    if raw:
        content = await agent_ledger.get_transcript(pool, view.id, attempt=attempt)
        lines = [Text(for_terminal(line)) for line in (content or b"").decode("utf-8", "replace").splitlines()]
    else:
        wanted = view.attempt if attempt is None else attempt
        lines = list(conversation([event for event in await _all_events(pool, view.id) if event.attempt == wanted]))
    if not lines:
        raise UsageError(f"no transcript is kept of task {view.id}" + (f", attempt {attempt}" if attempt else ""))
    for line in lines:
        output.show(line)
    return DONE


async def confined_by(pool: asyncpg.Pool, view: TaskView) -> str | None:
    """Say what confines the last run and what limits it; None where there was none."""
    begin = await agent_ledger.events(pool, view.id, after=(view.attempt, 0), limit=MOST_BEFORE_START)
    return next((event.body.confinement for event in begin if isinstance(event.body, Started)), None)


async def _all_events(pool: asyncpg.Pool, task_id: UUID) -> list[TaskEvent]:
    found: list[TaskEvent] = []
    after = (0, 0)
    while page := await agent_ledger.events(pool, task_id, after=after):
        found += page
        after = (page[-1].attempt, page[-1].seq)
    return found


def row(view: TaskView) -> dict[str, Any]:
    """Give a task's row as JSON."""
    return vars(view) | {"state": view.state.value, "task": view.task.model_dump(mode="json", exclude_none=True)}
