"""Adds an organization with teams, and its repository with milestones, types and sub-issues, to a world."""

import functools
from datetime import UTC, datetime
from importlib.resources import files

import yaml

from stand_ins.github.planning import IssueType, Milestone, Reaction, Team
from stand_ins.github.records import Repository
from stand_ins.github.seed import DescribedRepository, add_repository
from stand_ins.github.world import World

TYPES = (
    ("Bug", "Something does not work", "red"),
    ("Feature", "Something new", "blue"),
    ("Task", "A piece of work", "yellow"),
)
AT = datetime(2026, 9, 1, 9, tzinfo=UTC)


@functools.cache
def described() -> DescribedRepository:
    """Read the description of the repository."""
    text = (files("stand_ins.github") / "seed_planning.yaml").read_text(encoding="utf-8")
    return DescribedRepository.model_validate(yaml.load(text, Loader=yaml.CSafeLoader))


def apply(world: World, account: str) -> None:
    """Make the organization, its teams, its repository and what that is planned by."""
    planning = add_repository(world, described(), account)
    planning.owner.is_organization = True
    planning.issue_types = [IssueType(world.next_id(), name, about, color) for name, about, color in TYPES]
    _add_milestones(world, planning)
    epic, finnish, estonian, bug, _ = (planning.issues[number] for number in range(1, 6))
    epic.sub_issues = [finnish, estonian]
    finnish.parent = estonian.parent = epic
    finnish.milestone, estonian.milestone = planning.milestones[1], planning.milestones[2]
    bug.type = planning.issue_types[0]
    kim, mona, sam = (world.user(f"{name}-example") for name in ("kim", "mona", "sam"))
    bug.reactions = [Reaction(world.next_id(), one, "+1", AT) for one in (mona, sam)]
    bug.reactions.append(Reaction(world.next_id(), sam, "heart", AT))
    bot, comment = world.user(account), estonian.comments[0]
    comment.reactions = [Reaction(world.next_id(), bot, "rocket", AT)]
    translators = Team(world.next_id(), planning.owner, "Translators", AT, "Speak many languages", [kim, sam], [mona])
    release = Team(world.next_id(), planning.owner, "Release crew", AT, None, [bot], [mona])
    world.teams += [translators, release]


def _add_milestones(world: World, planning: Repository) -> None:
    mona = world.user("mona-example")
    first = Milestone(world.next_id(), 1, "Second release", mona, AT, closed_at=datetime(2026, 10, 1, tzinfo=UTC))
    due = datetime(2026, 12, 15, 8, tzinfo=UTC)
    second = Milestone(world.next_id(), 2, "Third release", mona, AT, "Before the holidays", due)
    planning.milestones = {1: first, 2: second}
