"""A request for each route of GitHub's table that writes, of the stand-in as it is at its start."""

import base64
from collections.abc import Callable, Mapping
from typing import Any

from agent_contracts import Grant
from agent_vendors.github import GITHUB
from conformance.gateways.record import Ask, Writes
from stand_ins.github.accounts import Role
from stand_ins.github.app import GitHub
from stand_ins.github.history import blob_sha
from stand_ins.github.planning import Reaction, Team
from stand_ins.github.records import Issue, Pull, Repository
from stand_ins.github.reviews import Review
from stand_ins.github.seed_personal import OWN
from stand_ins.github.shapes.account import node_id

Make = Callable[[GitHub], Ask]
HELLO, PLANNING = "octocat/hello-world", "octo-org/planning"
REPO, ORG = "/repos/{owner:name}/{repo:name}", "/orgs/{org:name}"
ISSUE, PULL, RUN = (
    f"{REPO}/issues/{{number:number}}",
    f"{REPO}/pulls/{{number:number}}",
    f"{REPO}/actions/runs/{{run:number}}",
)
REVIEW, REACTIONS = f"{PULL}/reviews/{{review:number}}", f"{ISSUE}/reactions"
OF_COMMENT = f"{REPO}/issues/comments/{{comment:number}}/reactions"
INBOX = "/notifications"
TEAM = f"{ORG}/teams/{{team:name}}"
ITEMS = f"{ORG}/projectsV2/{{project:number}}/items"
CODE = {"message": "Write it", "content": base64.b64encode(b"One\n").decode(), "branch": "main"}


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
        return Ask("", f"/graphql/{name}", body={"thread": node_id("PRRT", found.id)})

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


ASKS: Mapping[str, Make] = {
    f"POST {REPO}/actions/workflows/{{workflow}}/dispatches": to(
        "/actions/workflows/release.yml/dispatches",
        {"ref": "main", "inputs": {"version": "3.0.0"}, "return_run_details": True},
    ),
    f"POST {RUN}/rerun": to("/actions/runs/6100003/rerun"),
    f"POST {RUN}/rerun-failed-jobs": to("/actions/runs/6100003/rerun-failed-jobs"),
    f"POST {RUN}/cancel": under_way,
    "POST /graphql/ResolveThread": thread(resolved=True),
    "POST /graphql/UnresolveThread": thread(resolved=False),
    f"POST {REPO}/issues": to("/issues", {"title": "New", "body": "Help.", "labels": ["bug"]}),
    f"PATCH {ISSUE}": to("/issues/1", {"title": "Other"}),
    f"POST {ISSUE}/comments": to("/issues/1/comments", {"body": "Seen."}),
    f"POST {ISSUE}/labels": to("/issues/1/labels", {"labels": ["question"]}),
    f"PUT {ISSUE}/labels": to("/issues/1/labels", {"labels": ["question"]}),
    f"DELETE {ISSUE}/labels": to("/issues/1/labels"),
    f"DELETE {ISSUE}/labels/{{name}}": labelled,
    f"POST {ISSUE}/assignees": to("/issues/4/assignees", {"assignees": ["mona-example"]}, of=PLANNING),
    f"DELETE {ISSUE}/assignees": to("/issues/3/assignees", {"assignees": ["sam-example"]}, of=PLANNING),
    f"POST {ISSUE}/sub_issues/{{sub_owner:name}}/{{sub_repo:name}}/{{sub_number:number}}": to(
        f"/issues/1/sub_issues/{PLANNING}/4", {}, of=PLANNING
    ),
    f"DELETE {ISSUE}/sub_issue": sub_issue("sub_issue", "sub_issue_id"),
    f"PATCH {ISSUE}/sub_issues/priority": sub_issue("sub_issues/priority", "sub_issue_id", "before_id"),
    f"POST {REACTIONS}": to("/issues/4/reactions", {"content": "rocket"}, of=PLANNING),
    f"DELETE {REACTIONS}/{{reaction:number}}": own_reaction(of_comment=False),
    f"POST {OF_COMMENT}": commented,
    f"DELETE {OF_COMMENT}/{{reaction:number}}": own_reaction(of_comment=True),
    f"POST {REPO}/pulls": opened,
    f"PATCH {PULL}": to("/pulls/5", {"title": "New"}),
    f"POST {PULL}/requested_reviewers": to("/pulls/5/requested_reviewers", {"reviewers": ["octocat"]}),
    f"DELETE {PULL}/requested_reviewers": to("/pulls/5/requested_reviewers", {"reviewers": ["sam-example"]}),
    f"POST {PULL}/graphql/ReadyForReview": draft(is_one=False),
    f"POST {PULL}/graphql/ConvertToDraft": draft(is_one=True),
    f"PUT {PULL}/update-branch": behind,
    f"PUT {PULL}/merge": merged,
    f"POST {PULL}/reviews": to("/pulls/5/reviews", {"event": "COMMENT", "body": "Looks good."}),
    f"POST {REVIEW}/events": pending("/events", {"event": "COMMENT", "body": "Done."}),
    f"POST {REVIEW}/graphql/AddReviewThread": pending(
        "/graphql/AddReviewThread", {"path": "hello/settings.py", "line": 8, "side": "RIGHT", "body": "Why?"}
    ),
    f"DELETE {REVIEW}": pending(""),
    f"POST {PULL}/comments/{{comment:number}}/replies": answered,
    f"POST {REPO}/releases": to("/releases", {"tag_name": "v2.4.0", "name": "Next", "body": "N", "draft": True}),
    f"PUT {REPO}/contents/{{path:file}}": to("/contents/docs/new.md", CODE),
    f"DELETE {REPO}/contents/{{path:file}}": deleted,
    f"POST {REPO}/git/refs": branched,
    f"PATCH {REPO}/git/refs/{{ref:ref}}": moved,
    **{
        f"PATCH {REPO}/{kind}/alerts/{{alert:number}}": closed_alert(kind)
        for kind in ("code-scanning", "dependabot", "secret-scanning")
    },
    f"PATCH {INBOX}/threads/{{thread:number}}": told(""),
    f"DELETE {INBOX}/threads/{{thread:number}}": told(""),
    f"PUT {REPO}{INBOX}": to(INBOX, {"last_read_at": "2026-11-19T12:00:00Z"}),
    f"PUT {INBOX}": lambda _: Ask("", INBOX, body={"last_read_at": "2026-11-19T12:00:00Z"}),
    f"PUT {INBOX}/threads/{{thread:number}}/subscription": told("/subscription", {"ignored": True}),
    f"DELETE {INBOX}/threads/{{thread:number}}/subscription": told("/subscription"),
    f"PUT {REPO}/subscription": to("/subscription", {"subscribed": True, "ignored": True}),
    f"DELETE {REPO}/subscription": to("/subscription"),
    "POST /gists": lambda _: Ask("", "/gists", body={"files": {"plan.md": {"content": "# A"}}, "description": "P"}),
    "PATCH /gists/{gist:name}": lambda _: Ask("", f"/gists/{OWN}", body={"description": "Changed"}),
    "POST /graphql/AddDiscussionComment/{owner:name}/{repo:name}/{number:number}": lambda _: Ask(
        "", f"/graphql/AddDiscussionComment/{PLANNING}/101", body={"body": "Seen."}
    ),
    f"POST {ITEMS}": added,
    f"PATCH {ITEMS}/{{item:number}}": item(body=True),
    f"DELETE {ITEMS}/{{item:number}}": item(body=False),
    f"PUT {REPO}/collaborators/{{user:name}}": collaborator({"permission": "maintain"}),
    f"DELETE {REPO}/collaborators/{{user:name}}": collaborator(),
    f"PUT {TEAM}/memberships/{{user:name}}": member({"role": "maintainer"}),
    f"DELETE {TEAM}/memberships/{{user:name}}": member(),
    f"PUT {TEAM}/repos/{{owner:name}}/{{repo:name}}": crew({"permission": "push"}),
    f"DELETE {TEAM}/repos/{{owner:name}}/{{repo:name}}": crew(),
}
"""By the route's name."""
WRITES = Writes(
    Grant(tools=sorted(GITHUB.tools), resources={"repositories": ["*/*"], "gists": ["agent-bot"]}, mode="write"),
    ASKS,
    lambda stand_in: {
        name: value for name, value in vars(stand_in.world).items() if name[0] != "_" and name != "secret"
    },
)
