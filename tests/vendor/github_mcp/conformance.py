"""What the conformance suite must know of github-mcp."""

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any
from urllib.parse import parse_qs, unquote

from conformance.servers.record import Ask, ServerRecord
from github_mcp.server import build_server
from github_mcp.settings import GitHubSettings
from stand_ins.github.app import GitHub, build
from stand_ins.github.seed_personal import OWN

TOKEN = "ghp_" + "t" * 36
HELLO = {"repository": "octocat/hello-world"}
OUTSIDE = {"repository": "octocat/secret"}
PLANNING = "octo-org/planning"
SAMPLES = {
    "repository": "octocat/hello-world",
    "pull_request": 5,
    "query": "crash",
    "ref": "main",
    "from_ref": "main",
    "base": "main",
    "head": "settings-without-home",
    "branch": "main",
    "path": "README.md",
    "since": "2026-01-01",
    "until": "2026-12-31",
    "head_sha": "a" * 40,
    "sha": "a" * 40,
    "commit_id": "a" * 40,
    "organization": "octo-org",
    "owner": "octo-org",
    "team": "translators",
    "tag": "v2.3.0",
    "job_id": 7100004,
    "ghsa_id": "GHSA-2m4p-7q9r-x3vw",
    "run_id": 6100003,
    "get_job_logs.job_id": 7100004,
    "actions_get.resource_id": "ci.yml",
    "actions_run_trigger.run_id": 6100003,
    "actions_run_trigger.method": "rerun_workflow_run",
    "dismiss_notification.thread": 7,
    "find_similar_issues.text": "crash",
    "gist": OWN,
    "manage_notification_subscription.thread": 7,
    "update_gist.description": "New",
    "update_pull_request.title": "New",
    "pull_request_review_write.body": "Seen.",
    "issue_write.title": "New",
    "projects_write.repository": PLANNING,
    "projects_write.issue": 4,
    "cve_id": "CVE-2026-20177",
    "fork_repository.fork": "octo-org/hello",
    "update_security_alert.reason": "false_positive",
    "issue_read.get_comments.issue": 2,
    "issue_read.get_sub_issues.repository": PLANNING,
    "issue_read.get_parent.repository": PLANNING,
    "issue_read.get_parent.issue": 2,
    "list_milestones.repository": PLANNING,
    "list_milestones.state": "all",
    "list_issue_types.repository": PLANNING,
    "search_issues.pull-request.query": "language",
    "search_code.query": "hello",
    "search_repositories.query": "octo",
    "search_users.query": "example",
    "pull_request_read.get_commits.pull_request": 6,
    "compare_refs.base": "v2.1.0",
    "compare_refs.head": "main",
    "actions_list.list_workflow_jobs.resource_id": 6100003,
    "actions_list.list_workflow_run_artifacts.resource_id": 6100001,
    "actions_get.get_workflow_run.resource_id": 6100003,
    "actions_get.get_workflow_job.resource_id": 7100004,
    "actions_get.get_workflow_run_usage.resource_id": 6100003,
    **dict.fromkeys(
        (
            "list_discussions.repository",
            "get_discussion.repository",
            "get_discussion_comments.repository",
            "list_discussion_categories.repository",
        ),
        PLANNING,
    ),
    "get_discussion.discussion": 101,
    "get_discussion_comments.discussion": 101,
    "where": {"Status": "Done"},
    "projects_list.get_project.project": 1,
    "projects_list.list_project_fields.project": 1,
    "projects_list.list_project_items.project": 1,
    "projects_list.get_project_item.project": 1,
    "projects_list.get_project_item.item": 1113,
}
"""What GitHub's stand-in answers at its start."""
SINGLES = {
    "issue_read.get",
    "issue_read.get_parent",
    "pull_request_read.get",
    "actions_get",
    "get_file_blame",
    "find_similar_issues",
    "get_job_logs",
    "get_me",
    "generate_release_notes",
    "get_discussion",
    "projects_list.get_project",
    "projects_list.get_project_item",
    "get_security_alert",
    "get_gist",
}
"""What reads one thing, or weighs all rows of a list against each other."""
WHOLE = {"issue_read.get_pull_requests", "projects_list.list_project_fields"}
"""Lists that GitHub's replies hold whole, whatever the limit."""
SCOPE = re.compile(r"(?:^|\s)repo:(\S+)")
NODE = re.compile(r"[A-Z]+_[A-Za-z0-9_-]+")


def found(repository: str, title: str) -> dict[str, object]:
    """Return an issue as GitHub's search shows it."""
    times = dict.fromkeys(("created_at", "updated_at"), "2026-01-02T03:04:05Z")
    url = f"https://api.github.com/repos/{repository}"
    return {"number": 8, "title": title, "state": "open", "user": None, "repository_url": url, **times}


def plant(stand_in: GitHub, text: str) -> None:
    """Put a text into the body of issue 1."""
    stand_in.world.named("octocat/hello-world").issues[1].body = text


def plant_file(stand_in: GitHub, name: str) -> None:
    """Put a file into the folder odd."""
    stand_in.world.named("octocat/hello-world").files[f"odd/{name}"] = b"OPENED"


def plant_label(stand_in: GitHub, name: str) -> None:
    """Give issue 1 a label."""
    hello = stand_in.world.named("octocat/hello-world")
    hello.issues[1].title = "OPENED"
    hello.issues[1].labels = [stand_in.world.add_label(hello, name)]


def plenty(stand_in: GitHub) -> None:
    """Give a second one of what the stand-in has only one of."""
    world = stand_in.world
    hello = world.named("octocat/hello-world")
    pull = hello.issues[5].pull
    assert pull is not None
    pull.reviews.append(replace(pull.reviews[0], id=world.next_id(), body="Another."))
    comments = hello.issues[5].comments
    comments.append(replace(comments[0], id=world.next_id(), body="Another."))
    artifacts = hello.actions.runs[6100001].artifacts
    artifacts.append(replace(artifacts[0], id=world.next_id(), name="logs"))
    own = world.gists[OWN]
    world.gists["d" * 32] = replace(own, id="d" * 32, description="Another")
    world.teams.append(replace(world.teams[-1], id=world.next_id(), name="Another"))


def reaches(stand_in: GitHub, entry: Mapping[str, Any]) -> list[str]:
    """Name the repositories that a path, a search, or the variables of a GraphQL operation are about."""
    kind, *names = map(unquote, entry["path"].split("/")[1:])
    if kind == "repos":
        return ["/".join(names[:2])]
    if kind == "search":
        found = SCOPE.findall(parse_qs(entry["query"], keep_blank_values=True)["q"][0])
        return found if names[0] in ("issues", "code") else []
    if kind != "graphql":
        return []
    variables = entry["body"]["variables"]
    if "owner" in variables:
        return [f"{variables['owner']}/{variables['name']}"]
    if "query" in variables:
        return SCOPE.findall(variables["query"]) or [""]
    numbers = {NODE.fullmatch(value) and _number(value) for value in map(str, variables.values())}
    return [one.full_name for one in stand_in.world.repositories.values() if not numbers.isdisjoint(_ids(one))]


def _number(node: str) -> int:
    """Return the number in a node's id; 0 where there is none."""
    text = node.partition("_")[2]
    try:
        return int(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).rpartition(b":")[2])
    except ValueError:
        return 0


def _ids(thing: Any, seen: set[int] | None = None) -> Iterator[int]:
    """Yield the ids of a repository's things, whatever their kinds."""
    seen = set() if seen is None else seen
    if id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, dict | list):
        for one in thing.values() if isinstance(thing, dict) else thing:
            yield from _ids(one, seen)
    elif is_dataclass(thing):
        yield getattr(thing, "id", 0) or -1
        for field in fields(thing):
            yield from _ids(getattr(thing, field.name), seen)


RECORD = ServerRecord(
    settings=GitHubSettings,
    build=build_server,
    stand_in=lambda: build(tokens={TOKEN: "agent-bot"}),
    token=TOKEN,
    resources={"repositories": ["octocat/hello-world"]},
    lists=[
        (Ask("list_issues", {**HELLO, "state": "all"}, OUTSIDE), r"(?m)^#(\d+) "),
        (Ask("search_issues", {**HELLO, "query": "crash"}, OUTSIDE), r"(?m)^#(\d+) "),
        (Ask("list_labels", HELLO, OUTSIDE), r'(?m)^("[^"]+")'),
    ],
    reads=Ask("issue_read", {**HELLO, "issue": 1}, OUTSIDE),
    plant=plant,
    writes=Ask("add_issue_comment", {**HELLO, "issue": 1, "body": "Seen."}, OUTSIDE),
    refused=(Ask("issue_read", {**HELLO, "issue": 999}, {}), "GitHub knows no octocat/hello-world#999"),
    foreign=(
        Ask("search_issues", {**HELLO, "query": "crash"}, {}),
        {"total_count": 2, "items": [found("octocat/hello-world", "OWN"), found("octocat/secret", "FOREIGN")]},
    ),
    names=[
        (
            plant_file,
            Ask("get_file_contents", {**HELLO, "path": "odd"}, OUTSIDE),
            lambda shown: Ask("get_file_contents", {**HELLO, "path": shown}, OUTSIDE),
        ),
        (
            plant_label,
            Ask("issue_read", {**HELLO, "issue": 1}, OUTSIDE),
            lambda shown: Ask("list_issues", {**HELLO, "labels": [shown]}, OUTSIDE),
        ),
    ],
    reaches=reaches,
    samples=SAMPLES,
    singles=SINGLES,
    whole=WHOLE,
    rows={"get_commit": "files", "pull_request_read.get_check_runs": "contexts"},
    plenty=plenty,
)
