"""`agent-engine skills`: make, list, check and register skills."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import agent_ledger
import typer
from agent_vendors import Vendor
from rich.table import Table
from rich.text import Text
from service_kit.settings import VendorNames, load

from agent_engine.cli.console import DONE, FAILED, WRONG_USE, Json, Output, UsageError, command, fail, ledger, why
from agent_engine.render import plain
from agent_engine.settings import LedgerAccess, SkillSources
from agent_engine.skills.check import check as problems_of
from agent_engine.skills.check import unchecked
from agent_engine.skills.format import UnreadableSkill
from agent_engine.skills.load import (
    full_name,
    load_registry,
    read_skill,
    skill_folders,
)
from agent_engine.skills.scaffold import make_skill

BARE = "it holds no SKILL.md"

app = typer.Typer(help="Skills: what agents are told to do.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
@command
async def list_skills(as_json: Json = False) -> int:
    """List the skills that a worker started here would carry."""
    output = Output(as_json=as_json)
    found = load_registry(load(SkillSources).skill_folders())
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("skill", "version", "engine", "model", "description"):
        table.add_column(name)
    for skill in found.skills.values():
        settings = skill.settings
        table.add_row(
            plain(skill.name),
            skill.version[:12],
            plain(settings.engine),
            plain(settings.model),
            plain(skill.description, 100),
        )
        output.data(
            {
                "name": skill.name,
                "version": skill.version,
                "engine": settings.engine,
                "model": settings.model,
                "description": skill.description,
                "folder": str(skill.folder),
                "problems": list(skill.problems),
            }
        )
    output.show(table)
    for warning in found.warnings:
        output.show(plain(f"warning: {warning}", style="yellow"))
    return DONE


@app.command("check")
@command
async def check(
    path: Annotated[
        Path | None,
        typer.Argument(metavar="PATH", help="A skill, or a folder of skills; without it all that are known."),
    ] = None,
    as_json: Json = False,
) -> int:
    """Check skills strictly by the format and by our settings.

    Exit 1 if anything is wrong.
    """
    output = Output(as_json=as_json)
    folders = [path] if path is not None else load(SkillSources).skill_folders()
    status = DONE
    vendors = load(VendorNames).vendors
    names: dict[str, Path] = {}
    for folder in folders:
        places, bare = skill_folders(folder) if folder.is_dir() else ([], [])
        if not places:
            lack = "holds no SKILL.md, and no folder in it does" if folder.is_dir() else "is not a folder"
            status = fail(UsageError(f"{full_name(folder)} {lack}"), WRONG_USE)
            continue
        for place in bare:
            output.data({"skill": place.name, "folder": str(place), "problems": [], "skipped": BARE})
            output.show(Text.assemble(plain(place.name), ": ", (f"skipped: {BARE}", "yellow")))
        for place in places:
            found, open_questions = _check_folder(place, names, vendors)
            status = max(status, FAILED) if found else status
            output.data({"skill": place.name, "folder": str(place), "problems": found, "unchecked": open_questions})
            output.show(
                Text.assemble(plain(place.name), ": ", (f"{len(found)} wrong", "red") if found else ("ok", "green"))
            )
            for text in (*found, *(f"not checked: {text}" for text in open_questions)):
                output.show(Text.assemble("  - ", plain(text)))
    return status


def _check_folder(folder: Path, names: dict[str, Path], vendors: Mapping[str, Vendor]) -> tuple[list[str], list[str]]:
    try:
        skill = read_skill(folder)
    except (UnreadableSkill, OSError) as error:
        return [why(error)], []
    first = names.setdefault(skill.name, folder)
    if first.resolve() == folder.resolve():
        return problems_of(skill, vendors), unchecked(skill)
    twice = f"a skill of the name '{skill.name}' is in {first}, too: rename one"
    return [*problems_of(skill, vendors), twice], unchecked(skill)


@app.command("new")
@command
async def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name, and its folder's: label-check")],
    folder: Annotated[Path, typer.Option("--in", metavar="FOLDER", help="Where its folder is made.")] = Path(),
    as_json: Json = False,
) -> int:
    """Make a skill that runs at once in the local system.

    It reads an issue, by a template.
    """
    output = Output(as_json=as_json)
    try:
        _check_free(name)
        place = make_skill(name, folder)
    except (ValueError, OSError) as error:
        return fail(UsageError(str(error)), WRONG_USE)
    output.data({"skill": name, "folder": str(place)})
    output.show(plain(f"made {place}: change SKILL.md and the schemas, then run agent-engine skills check {place}"))
    return DONE


def _check_free(name: str) -> None:
    """Raise ValueError where a skill that is known has this name."""
    for folder in filter(Path.is_dir, load(SkillSources).skill_folders()):
        for place in skill_folders(folder)[0]:
            if place.name == name:
                raise ValueError(f"a skill of the name '{name}' is in {place}: choose another name")


@app.command("register")
@command
async def register(as_json: Json = False) -> int:
    """Make the skills known to the ledger without starting a worker."""
    output = Output(as_json=as_json)
    found = load_registry(load(SkillSources).skill_folders())
    async with ledger(load(LedgerAccess).database_url) as pool:
        await agent_ledger.register_skills(pool, found.rows())
    for name, skill in found.skills.items():
        output.show(Text.assemble("registered ", plain(name), f" {skill.version[:12]}"))
        output.data({"name": name, "version": skill.version})
    return DONE
