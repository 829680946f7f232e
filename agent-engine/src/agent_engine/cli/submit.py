"""`agent-engine enqueue` and `run`: submit a task through the ledger, by the command line's own door."""

import getpass
import json
import socket
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import agent_ledger
import asyncpg
import typer
from agent_contracts import Actor, Budget, Origin, Priority, ReplyTo, Retry, Task
from pydantic import ValidationError
from rich.text import Text
from service_kit.access import AccessFile, Door
from service_kit.errors import ConfigError
from service_kit.settings import load

from agent_engine.cli.screen import DONE, FAILED, Json, Screen, UsageError, finish, ledger
from agent_engine.follow import follow
from agent_engine.render import LiveView, plain, result_view, task_view
from agent_engine.settings import SubmitAccess

Skill = Annotated[str, typer.Argument(help="The skill's name.")]
Input = Annotated[
    list[str], typer.Option("--input", "-i", help="JSON, text, @file, or key=value (may be given several times).")
]
Repository = Annotated[
    list[str] | None, typer.Option(help="Narrow the task to this repository, owner/name; may be given several times.")
]
Model = Annotated[str | None, typer.Option(help="Another model than the skill's, of those that the door lists.")]
Usd = Annotated[float | None, typer.Option(min=0, help="Narrow the budget, in dollars.")]
Attempts = Annotated[int | None, typer.Option(min=1, max=20, help="How often it may be attempted.")]
Id = Annotated[UUID | None, typer.Option("--id", help="The task's id: the same id again is the same task.")]
DedupeKey = Annotated[str | None, typer.Option(help="At most one task of this key is under way.")]


def enqueue(
    skill: Skill,
    given: Input,
    repository: Repository = None,
    model: Model = None,
    budget_usd: Usd = None,
    max_attempts: Attempts = None,
    task_id: Id = None,
    dedupe_key: DedupeKey = None,
    priority: Annotated[Priority, typer.Option(help="high, normal or low.")] = Priority.normal,
    reply_stream: Annotated[str | None, typer.Option(help="Also send the result to agent:results:TENANT:NAME.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the result.")] = False,
    as_json: Json = False,
) -> None:
    """Submit a task; print its id once its row is committed."""
    screen = Screen(as_json=as_json)

    def make() -> Task:
        return task_from(
            skill=skill,
            given=read_input(given),
            repositories=repository,
            id=task_id,
            model=model,
            budget=Budget(usd=Decimal(str(budget_usd)) if budget_usd is not None else None),
            retry=Retry(max_attempts=max_attempts) if max_attempts else None,
            dedupe_key=dedupe_key,
            priority=priority,
            reply_to=ReplyTo(stream=reply_stream) if reply_stream else None,
        )

    finish(submit_and_watch(screen, make, wait=wait, live=False))


def run(
    skill: Skill,
    given: Input,
    repository: Repository = None,
    model: Model = None,
    budget_usd: Usd = None,
    max_attempts: Attempts = None,
    task_id: Id = None,
    thinking: Annotated[bool, typer.Option("--thinking", help="Show the agent's thoughts too.")] = False,
    as_json: Json = False,
) -> None:
    """Submit a task, show live what happens, and end with its result. A worker must be running."""
    screen = Screen(as_json=as_json)

    def make() -> Task:
        return task_from(
            skill=skill,
            given=read_input(given),
            repositories=repository,
            id=task_id,
            model=model,
            budget=Budget(usd=Decimal(str(budget_usd)) if budget_usd is not None else None),
            retry=Retry(max_attempts=max_attempts) if max_attempts else None,
        )

    finish(submit_and_watch(screen, make, wait=True, live=True, thinking=thinking))


def read_input(given: list[str]) -> str | dict[str, Any]:
    """Read a task's input from the command line's arguments.

    Raises:
        UsageError: a file cannot be read, or the forms are mixed.
    """
    if len(given) == 1 and not _is_pair(given[0]):
        text = given[0]
        if text.startswith("@"):
            try:
                text = Path(text[1:]).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise UsageError(f"--input {given[0]}: {error}") from None
        value = _json_or_text(text)
        return value if isinstance(value, dict) else text
    pairs: dict[str, Any] = {}
    for part in given:
        if not _is_pair(part):
            raise UsageError(f"--input {part!r} is not key=value, and several --input must all be")
        name, _, value = part.partition("=")
        pairs[name] = _json_or_text(value)
    return pairs


def _is_pair(text: str) -> bool:
    name, separator, _ = text.partition("=")
    return bool(separator) and name.isidentifier()


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def task_from(*, skill: str, given: str | dict[str, Any], repositories: list[str] | None, **fields: Any) -> Task:
    """Make the task.

    Raises:
        UsageError: a field is not usable; names it.
    """
    resources = {"github": {"repositories": repositories}} if repositories else None
    try:
        return Task(
            skill=skill,
            input=given,
            resources=resources,
            actor=Actor(kind="person", id=user()),
            origin=Origin(kind="cli", ref=socket.gethostname() or "localhost"),
            **{name: value for name, value in fields.items() if value is not None},
        )
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise UsageError(f"this is no task: {wrong}") from None


def user() -> str:
    """Name whoever runs this command."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def cli_door(settings: SubmitAccess) -> Door:
    """Give the command line's door.

    Raises:
        ConfigError: access.yaml is wrong or has no entry `cli`.
    """
    door = AccessFile(settings.access_file).current().cli
    if door is None:
        raise ConfigError(
            f"{settings.access_file} has no entry `cli`, the command line's door: add one with its skills and vendors"
        )
    return door


async def submit_and_watch(
    screen: Screen, make: Callable[[], Task], *, wait: bool, live: bool, thinking: bool = False
) -> int:
    """Submit, and follow the task where that is wanted."""
    task = make()
    settings = load(SubmitAccess)
    door = cli_door(settings)
    async with ledger(settings.database_url) as pool:
        submitted = await agent_ledger.submit(pool, task, door=door)
        if not wait:
            screen.show(Text(str(submitted.id)))
            screen.data({"id": submitted.id, "created": submitted.created})
            return DONE
        screen.show(Text.assemble(("task ", "dim"), plain(submitted.id)))
        view = LiveView(screen.console, thinking=thinking)
        async for event in follow(pool, submitted.id):
            if live and not screen.as_json:
                view.show(event)
            elif live:
                screen.data(event.model_dump(mode="json"))
        return await show_result(screen, pool, submitted.id, with_row=live)


async def show_result(screen: Screen, pool: asyncpg.Pool, task_id: UUID, *, with_row: bool) -> int:
    """Print a final task's result; give the exit status that says whether it succeeded."""
    result = await agent_ledger.get_result(pool, task_id)
    if result is None:
        raise UsageError(f"task {task_id} has no result")
    screen.show(Text())
    screen.show(result_view(result))
    row = await agent_ledger.get_task(pool, task_id)
    if with_row and row is not None:
        screen.show(task_view(row))
    screen.data(result.model_dump(mode="json"))
    return DONE if result.status == "succeeded" else FAILED
