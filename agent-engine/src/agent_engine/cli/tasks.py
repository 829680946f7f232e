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
from agent_contracts import Actor, TaskState
from agent_contracts.event import Started
from agent_ledger import CancelOutcome, TaskView
from rich.text import Text
from service_kit.settings import load
from service_kit.stdio import stdout_closed
from service_kit.untrusted_text import clean_line, for_terminal

from agent_engine.cli.console import DONE, FAILED, Json, Screen, UsageError, finish, ledger, tell, told
from agent_engine.cli.input import SHOWN
from agent_engine.cli.queue_diagnostics import waits_for, watching
from agent_engine.cli.submit import cli_door, show_result, user
from agent_engine.event_follower import Patience, follow
from agent_engine.render import LiveView, plain, result_view, task_view, tasks_view
from agent_engine.settings import LedgerAccess, SubmitAccess

TaskId = Annotated[UUID, typer.Argument(help="The task's id.", metavar="TASK")]
AGE = re.compile(r"(\d{1,5})([hdw])")
UNITS = {"h": "hours", "d": "days", "w": "weeks"}
MOST_BEFORE_START = 10
STATES = ", ".join(TaskState)


def tasks(
    state: Annotated[
        list[TaskState] | None, typer.Option(metavar="STATE", help=f"Only in this state: {STATES}; may be repeated.")
    ] = None,
    skill: Annotated[str | None, typer.Option(metavar="SKILL", help="Only of this skill.")] = None,
    tenant: Annotated[str | None, typer.Option(metavar="TENANT", help="Only of this tenant.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, metavar="COUNT", help="At most so many.")] = 20,
    as_json: Json = False,
) -> None:
    """List tasks, newest first.

    A narrow terminal shows fewer columns; --json gives all.
    """

    async def work() -> int:
        screen = Screen(as_json=as_json)
        async with ledger(load(LedgerAccess).database_url) as pool:
            views = await agent_ledger.list_tasks(pool, tenant=tenant, states=state, skill=skill, limit=limit)
        screen.show(tasks_view(views, screen.width) if views else Text("no tasks", style="dim"))
        for view in views:
            screen.data(row(view))
        return DONE

    finish(work())


def show(
    task: TaskId,
    transcript: Annotated[bool, typer.Option("--transcript", help="Print the CLI's raw output instead.")] = False,
    attempt: Annotated[
        int | None, typer.Option(min=1, metavar="NUMBER", help="The transcript of this attempt; else the last.")
    ] = None,
    events: Annotated[bool, typer.Option("--events", help="Show every event too.")] = False,
    as_json: Json = False,
) -> None:
    """Show a task: its row and result, its events, or a transcript."""

    async def work() -> int:
        if attempt is not None and not transcript:
            raise UsageError("--attempt chooses a transcript: give --transcript too")
        if transcript and (events or as_json):
            raise UsageError("--transcript prints the transcript alone: leave --events and --json out")
        screen = Screen(as_json=as_json)
        async with ledger(load(LedgerAccess).database_url) as pool:
            view = await known(pool, task)
            if transcript:
                return await show_transcript(screen, pool, task, attempt)
            if events and not as_json:
                await _show_events(screen, pool, task)
            result = await agent_ledger.get_result(pool, task)
            confinement = await confined_by(pool, view)
            waits = await waits_for(pool, view)
            screen.show(task_view(view, confinement, waits))
            if result is not None:
                screen.show(result_view(result))
            document: dict[str, Any] = {"task": row(view), "result": result.model_dump(mode="json") if result else None}
            document |= {"confinement": confinement, "waits_for": waits}
            if events:
                document["events"] = [event.model_dump(mode="json") for event in await all_events(pool, task)]
            screen.data(document)
        return DONE

    finish(work())


def tail(task: TaskId, as_json: Json = False) -> None:
    """Follow a task from its first event to its result."""

    async def work() -> int:
        screen = Screen(as_json=as_json)
        async with ledger(load(LedgerAccess).database_url) as pool:
            await known(pool, task)
            view = LiveView(screen.console)
            patience = Patience(task, partial(tell, "ledger"))
            async with watching(pool, task):
                async for event in follow(pool, task, patience):
                    if as_json:
                        screen.data(event.model_dump(mode="json"))
                    else:
                        view.show(event)
                    if stdout_closed():
                        return DONE
            return await show_result(screen, pool, task, patience, with_row=False)

    finish(work())


def cancel(task: TaskId, as_json: Json = False) -> None:
    """Cancel a task.

    A queued task ends at once; the worker of a running one is told to stop it.
    """

    async def work() -> int:
        screen = Screen(as_json=as_json)
        async with ledger(load(LedgerAccess).database_url) as pool:
            await known(pool, task)
            outcome = await agent_ledger.cancel(pool, task, tenant=None, by=f"cli:{user()}")
        screen.show(Text(outcome.value.replace("_", " ")))
        screen.data({"id": task, "outcome": outcome.value})
        return DONE if outcome in (CancelOutcome.cancelled, CancelOutcome.requested) else FAILED

    finish(work())


def retry(task: TaskId, as_json: Json = False) -> None:
    """Submit a final task again, as a new task.

    The old one is its parent, and the door is the command line's own. It may do no more than the old task might, and no
    more than the door allows now.
    """

    async def work() -> int:
        screen = Screen(as_json=as_json)
        settings = load(SubmitAccess)
        door = cli_door(settings)
        async with ledger(settings.database_url) as pool:
            new = await agent_ledger.retry(pool, task, door=door, actor=Actor(kind="person", id=user()))
            view = await known(pool, new)
        if view.parent_id == task:
            screen.show(Text(f"queued again as task {new}"))
        else:
            screen.show(Text(f"nothing queued: task {new} is under way and has the same dedupe key"))
        screen.data({"id": new, "parent_id": view.parent_id})
        return DONE

    finish(work())


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
    with told():
        age = read_age(older_than)
        if not (dry_run or yes):
            confirm_prune(older_than, age, tenant)

    async def work() -> int:
        screen = Screen(as_json=as_json)
        async with ledger(load(LedgerAccess).database_url) as pool:
            counts = await pruned(pool, age, tenant, keep=dry_run)
        parts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
        screen.show(Text(f"would delete {parts}" if dry_run else f"deleted {parts}"))
        screen.data({**counts, "dry_run": dry_run})
        return DONE

    finish(work())


def confirm_prune(older_than: str, age: timedelta, tenant: str | None) -> None:
    """Ask before a prune, or demand --yes where nobody can be asked and the age is less than a day.

    Raises:
        UsageError: nobody said yes.
    """
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


async def pruned(pool: asyncpg.Pool, age: timedelta, tenant: str | None, *, keep: bool) -> dict[str, int]:
    """Delete what is old and count it; with `keep`, take it all back."""
    if not keep:
        return await _prune(pool, age, tenant)
    async with pool.acquire() as connection:
        trial = connection.transaction()
        await trial.start()
        try:
            return await _prune(connection, age, tenant)
        finally:
            await trial.rollback()


async def _prune(executor: agent_ledger.Executor, age: timedelta, tenant: str | None) -> dict[str, int]:
    ledgers = await agent_ledger.prune(executor, age, tenant=tenant)
    return {**asdict(ledgers), **asdict(await agent_effects.prune(executor, age, tenant=tenant))}


def read_age(text: str) -> timedelta:
    """Read an age such as 12h, 30d or 8w.

    Raises:
        UsageError: it is none.
    """
    match = AGE.fullmatch(text)
    if match is None:
        given = clean_line(text, SHOWN)
        raise UsageError(f"--older-than {given!r} is none: give up to five digits with h, d or w, as in 30d")
    return timedelta(**{UNITS[match[2]]: int(match[1])})


async def known(pool: asyncpg.Pool, task_id: UUID) -> TaskView:
    """Give a task's row.

    Raises:
        UsageError: there is no such task.
    """
    view = await agent_ledger.get_task(pool, task_id)
    if view is None:
        raise UsageError(f"there is no task {task_id}: `agent-engine tasks` lists them")
    return view


async def show_transcript(screen: Screen, pool: asyncpg.Pool, task_id: UUID, attempt: int | None) -> int:
    """Print what the CLI said, line by line, without escape sequences."""
    content = await agent_ledger.get_transcript(pool, task_id, attempt=attempt)
    if content is None:
        raise UsageError(f"no transcript is kept of task {task_id}" + (f", attempt {attempt}" if attempt else ""))
    for line in content.decode("utf-8", "replace").splitlines():
        screen.console.out(for_terminal(line), highlight=False)
    return DONE


async def _show_events(screen: Screen, pool: asyncpg.Pool, task_id: UUID) -> None:
    view = LiveView(screen.console, thinking=True)
    for event in await all_events(pool, task_id):
        view.show(event)
    screen.show(plain(""))


async def confined_by(pool: asyncpg.Pool, view: TaskView) -> str | None:
    """Say what confines the last run and what limits it; None where there was none."""
    begin = await agent_ledger.events(pool, view.id, after=(view.attempt, 0), limit=MOST_BEFORE_START)
    return next((event.body.confinement for event in begin if isinstance(event.body, Started)), None)


async def all_events(pool: asyncpg.Pool, task_id: UUID) -> list[Any]:
    """Give every event of a task, in order."""
    found: list[Any] = []
    after = (0, 0)
    while page := await agent_ledger.events(pool, task_id, after=after):
        found += page
        after = (page[-1].attempt, page[-1].seq)
    return found


def row(view: TaskView) -> dict[str, Any]:
    """Give a task's row as JSON."""
    fields = dict(vars(view))
    fields["state"] = view.state.value
    fields["task"] = view.task.model_dump(mode="json", exclude_none=True)
    return fields
