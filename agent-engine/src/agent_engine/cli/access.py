"""`agent-engine access`: the tokens of doors, people and services, issued and revoked in `access.yaml`."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from agent_contracts import Mode
from rich.table import Table
from rich.text import Text
from service_kit.access import AccessFile
from service_kit.settings import VendorNames, load
from service_kit.validation_errors import nearest

from agent_engine import access_edit
from agent_engine.access_edit import BOUNDS, GROUPS, Holder, Opened
from agent_engine.cli.console import DONE, FAILED, Json, Output, UsageError, as_typed, command, tell
from agent_engine.cli.submit import resources_of
from agent_engine.render import plain
from agent_engine.settings import AccessPath

app = typer.Typer(
    help="Access: tokens of HTTP doors, people and services.", no_args_is_help=True, rich_markup_mode=None
)
Kind = Annotated[Holder, typer.Argument(metavar="KIND", help="door, person or service.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The entry's name in access.yaml.")]
Tenant = Annotated[str | None, typer.Option(metavar="TENANT", help="The entry's tenant.")]
Resources = Annotated[
    list[str] | None,
    typer.Option("--resource", metavar="VENDOR.KIND=NAME", help="Open this, as in octocat/*; may be repeated."),
]
Tools = Annotated[
    list[str] | None,
    typer.Option("--tool", metavar="VENDOR/TOOL", help="Only these tools of the vendor; may be repeated."),
]
Writes = Annotated[
    Mode | None,
    typer.Option(
        "--mode",
        metavar="MODE",
        help="read, propose or write, at the vendors of --resource; left out, it stays, and is read at a new vendor.",
    ),
]
Skills = Annotated[
    list[str] | None, typer.Option("--skill", metavar="SKILL", help="Of a door: tasks of this skill; may be repeated.")
]


@app.command("list")
@command
async def listed(as_json: Json = False) -> int:
    """List who holds tokens, and what they open."""
    output = Output(as_json=as_json)
    access = AccessFile(load(AccessPath).access_file).current()
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for column in ("kind", "name", "tenant", "tokens", "opens"):
        table.add_column(column, overflow="fold")
    for holder, group in GROUPS.items():
        for name, entry in getattr(access, group).items():
            opens = getattr(entry, BOUNDS[holder])
            tokens = len(entry.token_sha256)
            told = [f"{vendor} ({bound.mode}): {_named(bound.resources)}" for vendor, bound in opens.items()]
            table.add_row(holder, plain(name), plain(entry.tenant), str(tokens), plain("; ".join(told) or "nothing"))
            bounds = {vendor: bound.model_dump(mode="json") for vendor, bound in opens.items()}
            output.data({"kind": holder, "name": name, "tenant": entry.tenant, "tokens": tokens, "opens": bounds})
    output.show(table)
    return DONE


@app.command()
@command
async def issue(
    kind: Kind,
    name: Name,
    tenant: Tenant = None,
    resource: Resources = None,
    tool: Tools = None,
    mode: Writes = None,
    skill: Skills = None,
    as_json: Json = False,
) -> int:
    """Make a token for an entry, and the entry where there is none.

    The token is printed once and kept nowhere but as a hash.
    """
    output = Output(as_json=as_json)
    opened = _opened(kind, tenant, resource, tool, mode, skill)
    path = load(AccessPath).access_file
    token = access_edit.issue(path, kind, name, opened)
    output.show(Text(token))
    entry = getattr(AccessFile(path).current(), GROUPS[kind])[name]
    if not getattr(entry, BOUNDS[kind]) and kind != "service":
        tell("warning", f"{kind} {name} opens nothing yet: `agent-engine access scope {kind} {name} --resource ...`")
    if kind == "door" and not entry.skills:
        tell("warning", f"door {name} takes no skill yet: `agent-engine access scope door {name} --skill SKILL`")
    output.data({"kind": kind, "name": name, "token": token})
    return DONE


@app.command()
@command
async def scope(
    kind: Kind,
    name: Name,
    tenant: Tenant = None,
    resource: Resources = None,
    tool: Tools = None,
    mode: Writes = None,
    skill: Skills = None,
    as_json: Json = False,
) -> int:
    """Change what an entry opens at the named vendors.

    Only what is given changes: resources, tools or mode. The rest of the entry and its tokens stay.
    """
    output = Output(as_json=as_json)
    opened = _opened(kind, tenant, resource, tool, mode, skill)
    if opened == Opened():
        raise UsageError("nothing is to be changed: give --tenant, --resource or --skill")
    access_edit.change(load(AccessPath).access_file, kind, name, opened)
    output.show(Text(as_typed(f"{kind} {name} is changed: `agent-engine access list` shows it")))
    output.data({"kind": kind, "name": name})
    return DONE


@app.command()
@command
async def revoke(
    kind: Kind,
    name: Name,
    keep_newest: Annotated[
        bool, typer.Option("--keep-newest", help="All but the token that was issued last, as when one is replaced.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Take an entry's tokens away.

    They are refused within about a second.
    """
    output = Output(as_json=as_json)
    taken = access_edit.revoke(load(AccessPath).access_file, kind, name, keep_newest=keep_newest)
    output.show(Text(f"{taken} token{'' if taken == 1 else 's'} of {kind} {name} revoked"))
    output.data({"kind": kind, "name": name, "revoked": taken})
    return DONE if taken else FAILED


def _named(resources: dict[str, list[str]]) -> str:
    return ", ".join(name for names in resources.values() for name in names) or "no resource"


def _opened(
    kind: Holder,
    tenant: str | None,
    resource: Sequence[str] | None,
    tool: Sequence[str] | None,
    mode: Mode | None,
    skill: Sequence[str] | None,
) -> Opened:
    if skill and kind != "door":
        raise UsageError(f"--skill is of doors: a {kind} starts no tasks")
    bounds: dict[str, dict[str, Any]] = {
        vendor: {"resources": resources} | ({} if mode is None else {"mode": mode.value})
        for vendor, resources in resources_of(resource or []).items()
    }
    if mode is not None and not bounds:
        raise UsageError("--mode is of vendors: give a --resource of each whose mode is to change")
    vendors = load(VendorNames).vendors
    for vendor, resources in ((vendor, bound["resources"]) for vendor, bound in bounds.items()):
        if vendor not in vendors:
            raise UsageError(f"--resource: vendor {vendor!r} is not installed here{nearest(vendor, vendors)}")
        for named in resources:
            if vendors[vendor].kind(named) is None:
                kinds = list(map(str, vendors[vendor].kinds))
                near = nearest(named, kinds) or f": there are {', '.join(kinds)}"
                raise UsageError(f"--resource: {vendor} has no resources of the kind {named!r}{near}")
    for named in tool or []:
        vendor, _, name = named.partition("/")
        if vendor not in bounds or not name:
            raise UsageError(f"--tool {named!r} is not VENDOR/TOOL with a --resource of the same vendor")
        if name not in vendors[vendor].tools:
            raise UsageError(f"--tool: {vendor} has no tool {name!r}{nearest(name, vendors[vendor].tools)}")
        bounds[vendor].setdefault("tools", []).append(name)
    return Opened(tenant=tenant, vendors=bounds, skills=tuple(skill or ()))
