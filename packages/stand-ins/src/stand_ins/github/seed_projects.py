"""Adds a project of an organization to a world that has its repositories."""

from datetime import UTC, date, datetime

from stand_ins.github.projects import Option, Project, ProjectField, ProjectItem, Value
from stand_ins.github.records import Issue
from stand_ins.github.world import World

AT = datetime(2026, 9, 7, 9, tzinfo=UTC)
STATUS = [Option("f75ad846", "Todo"), Option("47fc9ee4", "In Progress"), Option("98236657", "Done")]
SPRINTS = [
    Option("1a2b3c4d", "Sprint 1", date(2026, 11, 16)),
    Option("5e6f7a8b", "Sprint 2", date(2026, 11, 30)),
]
FIELDS: tuple[tuple[str, str, list[Option]], ...] = (
    ("Title", "title", []),
    ("Assignees", "assignees", []),
    ("Parent issue", "parent_issue", []),
    ("Status", "single_select", STATUS),
    ("Sprint", "iteration", SPRINTS),
    ("Estimate", "number", []),
    ("Due", "date", []),
    ("Note", "text", []),
)


def apply(world: World) -> None:
    """Make the project Roadmap of octo-org, which holds an issue of another owner too."""
    planning, hello = world.named("octo-org/planning"), world.named("octocat/hello-world")
    mona, issues = world.user("mona-example"), planning.issues
    project = Project(world.next_id(), planning.owner, 1, "Roadmap", mona, AT, "What comes with which release")
    project.fields = [ProjectField(world.next_id(), name, kind, AT, options) for name, kind, options in FIELDS]
    _add(world, project, issues[2], Status="98236657", Sprint="1a2b3c4d")
    _add(world, project, issues[3], Status="f75ad846", Estimate=3.5, Due="2026-12-15", Note="Needs a proofreader.")
    _add(world, project, issues[5], Status="47fc9ee4")
    _add(world, project, hello.issues[1], Status="f75ad846")
    draft = _add(world, project, None, Status="f75ad846")
    draft.title, draft.body = "Ask for more translators", "On the mailing list."
    world.projects.append(project)
    world.projects.append(Project(world.next_id(), planning.owner, 2, "Chores", mona, AT))


def _add(world: World, project: Project, issue: Issue | None, **values: Value) -> ProjectItem:
    ids = {one.name: one.id for one in project.fields}
    item = ProjectItem(world.next_id(), issue, project.creator, AT, AT)
    item.values = {ids[name]: value for name, value in values.items()}
    project.items.append(item)
    return item
