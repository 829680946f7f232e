"""Makes requests that write, of the stand-in as it is at its start, and prepares it for them."""

from collections.abc import Callable
from typing import Any

from conformance.gateways.record import Ask
from stand_ins.github.accounts import Role
from stand_ins.github.app import GitHub
from stand_ins.github.history import blob_sha
from stand_ins.github.planning import Reaction, Team
from stand_ins.github.records import Issue, Pull, Repository
from stand_ins.github.reviews import Review
from stand_ins.github.shapes.account import node_id

Make = Callable[[GitHub], Ask]
HELLO, PLANNING = "octocat/hello-world", "octo-org/planning"


def hello(stand_in: GitHub) -> Repository:
    """Return octocat/hello-world."""
    return stand_in.world.named(HELLO)


def pull(stand_in: GitHub) -> Pull:
    """Return its pull request 5."""
    found = hello(stand_in).issues[5].pull
    assert found is not None
    return found


def planned(stand_in: GitHub, number: int) -> Issue:
    """Return an issue of octo-org/planning."""
    return stand_in.world.named(PLANNING).issues[number]


def to(path: str, body: Any = None, *, of: str = HELLO) -> Make:
    """Make a request whose path below a repository is known; the route adds method and tool."""
    return lambda stand_in: Ask("", f"/repos/{of}{path}", body=body)


def thread(*, resolved: bool) -> Make:
    """Settle a thread of pull request 5, which stands the other way."""

    def make(stand_in: GitHub) -> Ask:
        found = pull(stand_in).threads[0]
        found.resolved = not resolved
        name = "ResolveThread" if resolved else "UnresolveThread"
        return Ask("", f"/graphql/{name}/{HELLO}/5", body={"thread": node_id("PRRT", found.id)})

    return make


def pending(path: str, body: Any = None) -> Make:
    """Write to our own pending review of pull request 5."""

    def make(stand_in: GitHub) -> Ask:
        found, own = pull(stand_in), stand_in.world.user("agent-bot")
        review = Review(stand_in.world.next_id(), own, "PENDING", "Wait.", found.head_sha, None)
        found.reviews.append(review)
        return Ask("", f"/repos/{HELLO}/pulls/5/reviews/{review.id}{path}", body=body)

    return make


def draft(*, is_one: bool) -> Make:
    """Make pull request 5 a draft, or ready, which it is not."""

    def make(stand_in: GitHub) -> Ask:
        pull(stand_in).draft = not is_one
        return Ask("", f"/repos/{HELLO}/pulls/5/graphql/{'ConvertToDraft' if is_one else 'ReadyForReview'}")

    return make


def sub_issue(path: str, *names: str) -> Make:
    """Write the order of sub-issues of octo-org/planning#1."""

    def make(stand_in: GitHub) -> Ask:
        ids = {"sub_issue_id": planned(stand_in, 3).id, "before_id": planned(stand_in, 2).id}
        return Ask("", f"/repos/{PLANNING}/issues/1/{path}", body={name: ids[name] for name in names})

    return make


def own_reaction(*, of_comment: bool) -> Make:
    """Take back our own reaction."""

    def make(stand_in: GitHub) -> Ask:
        world, issue = stand_in.world, planned(stand_in, 3)
        thing = issue.comments[0] if of_comment else issue
        reaction = Reaction(world.next_id(), world.user("agent-bot"), "rocket", issue.created_at)
        thing.reactions.append(reaction)
        place = f"comments/{thing.id}" if of_comment else "3"
        return Ask("", f"/repos/{PLANNING}/issues/{place}/reactions/{reaction.id}")

    return make


def under_way(stand_in: GitHub) -> Ask:
    """Cancel a run that has not ended."""
    run = hello(stand_in).actions.runs[6100003]
    run.conclusion = None
    for job in run.jobs:
        job.conclusion = None
    return Ask("", f"/repos/{HELLO}/actions/runs/{run.id}/cancel")


def labelled(stand_in: GitHub) -> Ask:
    """Take a label."""
    hello(stand_in).issues[1].labels = [hello(stand_in).labels["bug"]]
    return Ask("", f"/repos/{HELLO}/issues/1/labels/bug")


def commented(stand_in: GitHub) -> Ask:
    """React to a comment."""
    comment = planned(stand_in, 3).comments[0]
    return Ask("", f"/repos/{PLANNING}/issues/comments/{comment.id}/reactions", body={"content": "rocket"})


def answered(stand_in: GitHub) -> Ask:
    """Answer in a review's thread."""
    first = pull(stand_in).threads[0].comments[0].id
    return Ask("", f"/repos/{HELLO}/pulls/5/comments/{first}/replies", body={"body": "Good point."})


def opened(stand_in: GitHub) -> Ask:
    """Open a pull request of a branch that has commits and none yet."""
    branches = hello(stand_in).history.branches
    branches["topic"] = branches["settings-without-home"]
    return Ask("", f"/repos/{HELLO}/pulls", body={"title": "T", "head": "topic", "base": "main", "body": "Why."})


def behind(stand_in: GitHub) -> Ask:
    """Bring the base's newer commit into pull request 5."""
    repository = hello(stand_in)
    head = repository.history.commits[repository.head_sha]
    files = {**head.files, "new.txt": b"new\n"}
    repository.history.add("main", message="Go on", author=head.author, at=head.at, files=files)
    return Ask("", f"/repos/{HELLO}/pulls/5/update-branch", body={})


def merged(stand_in: GitHub) -> Ask:
    """Merge pull request 5 as it is."""
    return Ask("", f"/repos/{HELLO}/pulls/5/merge", body={"sha": pull(stand_in).head_sha})


def deleted(stand_in: GitHub) -> Ask:
    """Delete a file."""
    sha = hello(stand_in).history.commits[hello(stand_in).head_sha].files["hello/greet.py"]
    body = {"message": "m", "sha": blob_sha(sha), "branch": "main"}
    return Ask("", f"/repos/{HELLO}/contents/hello/greet.py", body=body)


def branched(stand_in: GitHub) -> Ask:
    """Make a branch."""
    return Ask("", f"/repos/{HELLO}/git/refs", body={"ref": "refs/heads/fix", "sha": hello(stand_in).head_sha})


def moved(stand_in: GitHub) -> Ask:
    """Move a branch on to another's head."""
    branches = hello(stand_in).history.branches
    branches["topic"] = hello(stand_in).head_sha
    return Ask("", f"/repos/{HELLO}/git/refs/heads%2Ftopic", body={"sha": branches["settings-without-home"]})


def closed_alert(kind: str) -> Make:
    """Open an alert again that was closed."""

    def make(stand_in: GitHub) -> Ask:
        security = hello(stand_in).security
        if kind == "secret-scanning":
            security.secrets.alerts[1].state = "resolved"
        else:
            alerts = security.code.alerts if kind == "code-scanning" else security.dependencies.alerts
            alerts[1].state = "dismissed"
        return Ask("", f"/repos/{HELLO}/{kind}/alerts/1", body={"state": "open"})

    return make


def told(path: str, body: Any = None) -> Make:
    """Write to the first notification."""
    return lambda stand_in: Ask("", f"/notifications/threads/{stand_in.world.notifications[0].id}{path}", body=body)


def item(*, body: bool) -> Make:
    """Change or take an item of the organization's first project."""

    def make(stand_in: GitHub) -> Ask:
        project = stand_in.world.projects[0]
        note = next(one.id for one in project.fields if one.name == "Note")
        fields = {"fields": [{"id": note, "value": "Soon."}]} if body else None
        return Ask("", f"/orgs/octo-org/projectsV2/1/items/{project.items[0].id}", body=fields)

    return make


def added(stand_in: GitHub) -> Ask:
    """Put an issue into a project."""
    body = {"type": "Issue", "owner": "octo-org", "repo": "planning", "number": 4}
    return Ask("", "/orgs/octo-org/projectsV2/1/items", body=body)


def team(stand_in: GitHub) -> Team:
    """Return a team of which our account is a maintainer, in a repository of which it is an admin."""
    stand_in.world.named(PLANNING).roles["agent-bot"] = Role.admin
    found = next(one for one in stand_in.world.teams if one.slug == "release-crew")
    found.members.clear()
    found.maintainers.append(stand_in.world.user("agent-bot"))
    return found


def collaborator(body: Any = None) -> Make:
    """Write who works in a repository; without a body somebody leaves it."""

    def make(stand_in: GitHub) -> Ask:
        team(stand_in)
        name = "kim-example" if body else "sam-example"
        return Ask("", f"/repos/{PLANNING}/collaborators/{name}", body=body)

    return make


def member(body: Any = None) -> Make:
    """Write who is in a team; without a body somebody leaves it."""

    def make(stand_in: GitHub) -> Ask:
        if not body:
            team(stand_in).members.append(stand_in.world.user("kim-example"))
        else:
            team(stand_in)
        return Ask("", "/orgs/octo-org/teams/release-crew/memberships/kim-example", body=body)

    return make


def crew(body: Any = None) -> Make:
    """Write in which repositories a team works; without a body it leaves one."""

    def make(stand_in: GitHub) -> Ask:
        found = team(stand_in)
        if not body:
            found.repositories[stand_in.world.named(PLANNING).id] = Role.write
        return Ask("", f"/orgs/octo-org/teams/release-crew/repos/{PLANNING}", body=body)

    return make


def forked(stand_in: GitHub) -> Ask:
    """Fork a repository into the organization."""
    return Ask("", f"/repos/{HELLO}/forks", body={"organization": "octo-org", "name": "hello"})
