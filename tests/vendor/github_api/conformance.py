"""What the conformance suite asks of GitHub's gateway."""

from agent_contracts import Grant
from conformance.gateways.record import Ask, GatewayRecord, by_link
from github_api.routes import table
from github_api.settings import GitHubApiSettings
from github_api.upstream import github
from pydantic import SecretStr
from stand_ins.github.app import build
from stand_ins.kit.faults import Fault, Match

TOKEN = "ghp_" + "c" * 36
HELLO = "/repos/octocat/hello-world"
SETTINGS = GitHubApiSettings.model_construct(
    github_upstream_token=SecretStr(TOKEN), github_upstream_tokens_file=None, github_upstream_limited=False
)


def create(repository: str) -> Ask:
    """Create an issue."""
    return Ask("POST", f"/repos/{repository}/issues", "issue_write", body={"title": "Crash", "body": "Help."})


RECORD = GatewayRecord(
    vendor=lambda: github(SETTINGS),
    table=table,
    stand_in=lambda: build(tokens={TOKEN: "agent-bot"}),
    grant=Grant(tools=["issue_write"], resources={"repositories": ["octocat/hello-world"]}, mode="write"),
    read=Ask("GET", f"{HELLO}/issues/1"),
    create=create("octocat/hello-world"),
    required="github/issue_write[title]@octocat/hello-world",
    listing=lambda size: Ask("GET", f"{HELLO}/issues?state=all&per_page={size}"),
    rows=list,
    following=by_link,
    elsewhere=(Ask("GET", "/repos/octocat/other/issues/1"), create("octocat/other")),
    hostile=(
        Ask("GET", "/repos/octocat/hello-world%2F..%2Fother/issues"),
        Ask("GET", "/repos/octocat/../../user"),
        Ask("GET", "/search/issues?q=crash+repo:octocat/other+OR+repo:x/y"),
        create("octocat/hello-world%3F"),
    ),
    foreign={"url": "https://api.github.com/repos/octocat/other/issues/1", "number": 1},
    limited=Fault(fault="rate_limit", seconds=1, match=Match(method="POST")),
)
