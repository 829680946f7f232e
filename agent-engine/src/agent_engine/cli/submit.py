"""`agent-engine enqueue` and `run`: submit a task through the ledger, by the command line's own door."""

import functools
import getpass
import inspect
import re
import socket
from collections.abc import Callable, Sequence
from typing import Annotated, Any
from uuid import UUID

import agent_ledger
import asyncpg
import typer
from agent_contracts import Actor, Origin, Priority, Task
from pydantic import ValidationError
from rich.text import Text
from service_kit.access import AccessFile, Door
from service_kit.errors import ConfigError
from service_kit.settings import load
from service_kit.untrusted_text import clean_line
from service_kit.validation_errors import FieldError, field_errors

from agent_engine.cli.console import DONE, FAILED, Json, Output, UsageError, command, ledger, tell
from agent_engine.cli.input import SHOWN, read_input
from agent_engine.cli.queue_diagnostics import watching
from agent_engine.event_follower import Patience, follow
from agent_engine.render import LiveView, plain, result_view, task_view
from agent_engine.settings import SubmitAccess

EXACT_INPUT = "Text, sent as it is: neither read as JSON nor as @file."

RESOURCE = re.compile(r"([^.=]+)\.([^.=]+)=(.*)", re.DOTALL)
OPTIONS = {
    "skill": "SKILL",
    "input": "--input",
    "resources": "--resource",
    "model": "--model",
    "budget.usd": "--budget-usd",
    "retry.max_attempts": "--max-attempts",
    "dedupe_key": "--dedupe-key",
    "reply_to.stream": "--reply-stream",
}
"""A task's fields, and what sets them here."""


def task_from(
    *,
    skill: Annotated[str, typer.Argument(metavar="SKILL", help="The skill's name.")],
    given: Annotated[
        list[str] | None,
        typer.Option("--input", "-i", metavar="INPUT", help="JSON, text, @file, or key=value, which may be repeated."),
    ] = None,
    text: Annotated[str | None, typer.Option("--input-text", metavar="TEXT", help=EXACT_INPUT)] = None,
    resource: Annotated[
        list[str] | None,
        typer.Option(metavar="VENDOR.KIND=NAME", help="Narrow the task to this resource; may be repeated."),
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Another model than the skill's, of those that the door lists.")
    ] = None,
    budget_usd: Annotated[str | None, typer.Option(metavar="USD", help="Narrow the budget, in dollars.")] = None,
    max_attempts: Annotated[
        int | None, typer.Option(min=1, max=20, metavar="COUNT", help="How often it may be attempted.")
    ] = None,
    task_id: Annotated[
        UUID | None, typer.Option("--id", metavar="UUID", help="The task's id: the same id again is the same task.")
    ] = None,
    dedupe_key: Annotated[
        str | None, typer.Option(metavar="KEY", help="At most one task of this key is under way.")
    ] = None,
    priority: Annotated[Priority, typer.Option(metavar="PRIORITY", help="high, normal or low.")] = Priority.normal,
    reply_stream: Annotated[
        str | None, typer.Option(metavar="NAME", help="Also send the result to agent:results:TENANT:NAME.")
    ] = None,
) -> Task:
    """Make the task that the options ask for. Raises UsageError, which names the option and its value."""
    fields: dict[str, Any] = {
        "skill": skill,
        "input": read_input(given or [], text),
        "resources": resources_of(resource) if resource else None,
        "model": model,
        "budget": {"usd": budget_usd},
        "retry": None if max_attempts is None else {"max_attempts": max_attempts},
        "id": task_id,
        "dedupe_key": dedupe_key,
        "priority": priority,
        "reply_to": None if reply_stream is None else {"stream": reply_stream},
        "actor": Actor(kind="person", id=user()),
        "origin": Origin(kind="cli", ref=socket.gethostname() or "localhost"),
    }
    try:
        return Task.model_validate(fields)
    except ValidationError as error:
        raise UsageError("; ".join(map(_explained, field_errors(error, Task)))) from None


def resources_of(given: Sequence[str]) -> dict[str, dict[str, list[str]]]:
    """Read `VENDOR.KIND=NAME` options, by vendor and kind. Raises UsageError, which names one of another form."""
    found: dict[str, dict[str, list[str]]] = {}
    for text in given:
        match = RESOURCE.fullmatch(text)
        if match is None:
            raise UsageError(f"--resource {clean_line(text, SHOWN)!r} is not VENDOR.KIND=NAME")
        vendor, kind, name = match.groups()
        found.setdefault(vendor, {}).setdefault(kind, []).append(name)
    return found


def _explained(fault: FieldError) -> str:
    if not fault.place:
        return f"this is no task: {fault.words}"
    option = next((name for place, name in OPTIONS.items() if f"{fault.place}.".startswith(f"{place}.")), fault.place)
    value = f" {fault.given!r}" if isinstance(fault.given, str) and len(fault.given) <= SHOWN else ""
    return f"{option}{value}: {fault.words}"


def asking(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of `task_from` beside its own; its first argument is what makes the task."""
    shared = inspect.signature(task_from).parameters
    own = list(inspect.signature(command).parameters.values())[1:]

    @functools.wraps(command)
    def with_options(**given: Any) -> None:
        wanted = {name: given.pop(name) for name in shared}
        command(functools.partial(task_from, **wanted), **given)

    parameters = [*shared.values(), *(one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own)]
    with_options.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    with_options.__annotations__ = {one.name: one.annotation for one in parameters}
    return with_options


@asking
@command
async def enqueue(
    make: Callable[[], Task],
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the result.")] = False,
    as_json: Json = False,
) -> int:
    """Submit a task; print its id once its row is committed."""
    return await _submit_and_watch(Output(as_json=as_json), make, wait=wait, live=False)


@asking
@command
async def run(
    make: Callable[[], Task],
    thinking: Annotated[bool, typer.Option("--thinking", help="Show the agent's thoughts too.")] = False,
    as_json: Json = False,
) -> int:
    """Submit a task, show live what happens, and end with its result. A worker must be running."""
    return await _submit_and_watch(Output(as_json=as_json), make, wait=True, live=True, thinking=thinking)


def user() -> str:
    """Name whoever runs this command."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def cli_door(settings: SubmitAccess) -> Door:
    """Give the command line's door. Raises ConfigError where access.yaml is wrong or has no entry `cli`."""
    door = AccessFile(settings.access_file).current().cli
    if door is None:
        raise ConfigError(
            f"{settings.access_file} has no entry `cli`, the command line's door: add one with its skills and vendors"
        )
    return door


async def _submit_and_watch(
    output: Output, make: Callable[[], Task], *, wait: bool, live: bool, thinking: bool = False
) -> int:
    task = make()
    settings = load(SubmitAccess)
    door = cli_door(settings)
    async with ledger(settings.database_url) as pool:
        submitted = await agent_ledger.submit(pool, task, door=door)
        if not wait:
            output.show(Text(str(submitted.id)))
            output.data({"id": submitted.id, "created": submitted.created})
            return DONE
        output.show(Text.assemble(("task ", "dim"), plain(submitted.id)))
        view = LiveView(output.console, thinking=thinking)
        patience = Patience(submitted.id, functools.partial(tell, "ledger"))
        async with watching(pool, submitted.id):
            async for event in follow(pool, submitted.id, patience):
                if live and not output.as_json:
                    view.show(event)
                elif live:
                    output.data(event.model_dump(mode="json"))
        return await show_result(output, pool, submitted.id, patience, with_row=live)


async def show_result(output: Output, pool: asyncpg.Pool, task_id: UUID, patience: Patience, *, with_row: bool) -> int:
    """Print a final task's result; give the exit status that says whether it succeeded."""
    result = await patience.ask(functools.partial(agent_ledger.get_result, pool, task_id))
    if result is None:
        raise UsageError(f"task {task_id} has no result")
    output.show(Text())
    output.show(result_view(result))
    row = await patience.ask(functools.partial(agent_ledger.get_task, pool, task_id))
    if with_row and row is not None:
        output.show(task_view(row))
    output.data(result.model_dump(mode="json"))
    return DONE if result.status == "succeeded" else FAILED
