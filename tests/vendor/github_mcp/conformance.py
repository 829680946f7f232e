"""What the conformance suite must know of github-mcp."""

from conformance.servers.record import Ask, ServerRecord
from github_mcp.server import build_server
from github_mcp.settings import GitHubSettings
from stand_ins.github.app import GitHub, build

TOKEN = "ghp_" + "t" * 36
HELLO = {"repository": "octocat/hello-world"}
OUTSIDE = {"repository": "octocat/secret"}


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
)
