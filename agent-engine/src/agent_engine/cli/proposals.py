"""`agent-engine proposals`: what tasks propose, shown and decided by the hash of what was shown."""

import asyncio
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, NoReturn, get_args
from uuid import UUID

import agent_effects
import typer
from agent_effects import Proposal
from agent_effects.models import State
from rich.table import Table
from rich.text import Text
from service_kit.access import Door
from service_kit.errors import ConfigError
from service_kit.settings import load
from service_kit.untrusted_text import for_terminal

from agent_engine.cli.console import DONE, Json, Output, UsageError, command, exit_on_error, ledger
from agent_engine.cli.submit import cli_door
from agent_engine.render import ID_WIDTH, plain
from agent_engine.settings import LedgerAccess, SubmitAccess

app = typer.Typer(help="Proposals: writes that wait for a decision.", no_args_is_help=True, rich_markup_mode=None)
ProposalId = Annotated[UUID, typer.Argument(help="The proposal's id.", metavar="ID")]
Hash = Annotated[
    str | None,
    typer.Option(metavar="HASH", help="The hash that `show` prints; without it, a terminal is shown and asked."),
]
Reason = Annotated[str, typer.Option(metavar="TEXT", help="Why; it is recorded.")]
STYLES = {
    "proposed": "yellow",
    "approved": "cyan",
    "sending": "cyan",
    "done": "green",
    "partial": "red",
    "unknown": "red",
}
REMEDY = {
    "unknown": "`agent-engine proposals list` shows what there is",
    "changed": "`agent-engine proposals show` it again",
    "submitter": "somebody else decides",
    "running": "wait for it",
}


@app.command("list")
@command
async def listed(
    state: Annotated[
        list[str] | None, typer.Option(metavar="STATE", help="Only in this state; may be repeated.")
    ] = None,
    task: Annotated[UUID | None, typer.Option(metavar="TASK", help="Only of this task.")] = None,
    tenant: Annotated[str | None, typer.Option(metavar="TENANT", help="Only of this tenant.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, metavar="COUNT", help="At most so many.")] = 20,
    as_json: Json = False,
) -> int:
    """List proposals, newest first.

    Without --state those that wait and those decided.
    """
    output = Output(as_json=as_json)
    async with ledger(load(LedgerAccess).database_url) as pool:
        found = await agent_effects.proposals(pool, tenant=tenant, task=task, states=_states(state or []), most=limit)
    output.show(_table(found) if found else Text("no proposals", style="dim"))
    for proposal in found:
        output.data(document(proposal))
    return DONE


@app.command("show")
@command
async def show(proposal: ProposalId, as_json: Json = False) -> int:
    """Show a proposal: what it would write, and who asked for it.

    The hash is what it is approved by.
    """
    output = Output(as_json=as_json)
    async with ledger(load(LedgerAccess).database_url) as pool:
        found = await _known(agent_effects.proposal(pool, proposal))
    _print(output, found)
    output.data(document(found))
    return DONE


@app.command("approve")
def approve(proposal: ProposalId, sha256: Hash = None, reason: Reason = "", as_json: Json = False) -> None:
    """Approve a proposal as it was shown; its gateway sends it."""
    _decide(Output(as_json=as_json), proposal, sha256, reason, approve=True)


@app.command("deny")
def deny(proposal: ProposalId, sha256: Hash = None, reason: Reason = "", as_json: Json = False) -> None:
    """Deny a proposal: it is never sent."""
    _decide(Output(as_json=as_json), proposal, sha256, reason, approve=False)


def document(proposal: Proposal) -> dict[str, Any]:
    """Give a proposal as JSON, without the stored call, which is what `shown` says in words."""
    return {name: value for name, value in vars(proposal).items() if name not in ("call", "base")}


def at_a_terminal() -> bool:
    """Say whether a person can be shown something and asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _decide(output: Output, id_: UUID, sha256: str | None, reason: str, *, approve: bool) -> NoReturn:
    """Decide by the given hash. Without one show and ask first, outside the event loop, so that Ctrl-C ends it."""
    with exit_on_error():
        settings = load(SubmitAccess)
        door = cli_door(settings)
        found = asyncio.run(_read(settings, door, id_))
        sha256 = sha256 or _asked(output, found, approve=approve)
        if sha256 is None:
            output.show(Text("nothing was decided"))
            raise typer.Exit(DONE)
        decided = asyncio.run(_decided(settings, door, id_, sha256, reason, approve=approve))
        output.show(Text.assemble(plain(id_), " is ", (decided.state, STYLES.get(decided.state, "dim"))))
        output.data(document(decided))
        raise typer.Exit(DONE)


async def _decided(
    settings: SubmitAccess, door: Door, id_: UUID, sha256: str, reason: str, *, approve: bool
) -> Proposal:
    async with ledger(settings.database_url) as pool:
        return await _known(
            agent_effects.decide(
                pool, id_, approve=approve, by=door.decider, reason=reason, sha256=sha256, tenant=door.tenant
            )
        )


async def _read(settings: SubmitAccess, door: Door, id_: UUID) -> Proposal:
    async with ledger(settings.database_url) as pool:
        found = await _known(agent_effects.proposal(pool, id_))
    if found.tenant != door.tenant:
        raise ConfigError(
            f"proposal {id_} is of tenant {found.tenant}, and the command line's door of tenant {door.tenant}: decide "
            f"through a door of {found.tenant}, as over HTTP, or change `tenant` of `cli` in {settings.access_file}"
        )
    if not door.decides(found.skill):
        raise ConfigError(
            f"the command line's door does not decide on what {found.skill} proposes: name the skill under "
            f"`approves` of `cli` in {settings.access_file}, with the `actor` who decides"
        )
    return found


def _asked(output: Output, found: Proposal, *, approve: bool) -> str | None:
    if output.as_json or not at_a_terminal():
        raise UsageError(
            f"--sha256 is missing: `agent-engine proposals show {found.id}` prints the hash of what it shows"
        )
    _print(output, found)
    return found.sha256 if typer.confirm("approve it as shown?" if approve else "deny it?") else None


async def _known(asked: Any) -> Proposal:
    try:
        found: Proposal = await asked
    except agent_effects.ProposalError as error:
        remedy = REMEDY.get(error.reason)
        raise UsageError(f"{error}: {remedy}" if remedy else str(error)) from None
    return found


def _states(given: Sequence[str]) -> list[State]:
    known: tuple[State, ...] = get_args(State)
    wrong = [name for name in given if name not in known]
    if wrong:
        raise UsageError(f"--state {wrong[0]!r} is none: give one of {', '.join(known)}")
    return [name for name in known if name in given]


def _table(found: Sequence[Proposal]) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in ("id", "state", "tool", "target", "skill", "asked by", "until"):
        table.add_column(
            column,
            overflow="fold",
            no_wrap=column == "id",
            min_width=ID_WIDTH if column == "id" else None,
            style="dim" if column == "until" else "",
        )
    for one in found:
        table.add_row(
            plain(one.id),
            Text("held" if one.held and one.state == "proposed" else one.state, style=STYLES.get(one.state, "dim")),
            plain(one.tool or one.route),
            plain(one.target),
            plain(one.skill or ""),
            plain(one.author or ""),
            plain(f"{one.expires_at.astimezone():%m-%d %H:%M}"),
        )
    return table


def _time(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S %Z}"


def _delay(found: Proposal) -> str | None:
    if found.state != "approved" or found.delay is None or found.try_at is None:
        return None
    times = "once" if found.tries == 1 else f"{found.tries} times"
    return f"{found.delay} (tried {times}, again at {_time(found.try_at)})"


def _print(output: Output, found: Proposal) -> None:
    facts = {
        "proposal": found.id,
        "state": found.state,
        "held": found.held,
        "target": f"{found.vendor} {found.target}",
        "task": f"{found.task} ({found.task_state})" if found.task else None,
        "skill": found.skill,
        "asked by": found.author,
        "expires": _time(found.expires_at) if found.state == "proposed" else None,
        "decided": f"{_time(found.decided_at)} by {found.decided_by}" if found.decided_at else None,
        "reason": found.reason,
        "now at": found.url,
        "not sent": _delay(found),
        "detail": found.detail if found.detail != found.reason else None,
    }
    for name, value in facts.items():
        if value:
            output.show(Text.assemble((f"{name:10} ", "dim"), plain(value)))
    output.show(Text())
    for line in found.shown.splitlines():
        output.show(Text("  | " + for_terminal(line), style={"+": "green", "-": "red"}.get(line[:1], "")))
    output.show(Text())
    output.show(Text.assemble(("sha256     ", "dim"), plain(found.sha256)))
