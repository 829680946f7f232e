"""What the conformance suite asks of GitHub's gateway."""

from agent_contracts import Grant
from conformance.gateways.record import Ask, GatewayRecord, by_link
from github_api.settings import GitHubApiSettings
from github_api.table import table
from github_api.upstream import github
from pydantic import SecretStr
from stand_ins.github.app import GitHub, build
from stand_ins.github.records import Repository
from stand_ins.kit.faults import Fault
from vendor.github_api.every_write import WRITES

TOKEN = "ghp_" + "c" * 36
HELLO = "/repos/octocat/hello-world"
SETTINGS = GitHubApiSettings.model_construct(
    github_upstream_token=SecretStr(TOKEN), github_upstream_tokens_file=None, github_upstream_limited=False
)


def create(repository: str) -> Ask:
    """Create an issue."""
    return Ask("POST", f"/repos/{repository}/issues", "issue_write", body={"title": "Crash", "body": "Help."})


def release(*, draft: bool) -> Ask:
    """Create a release, as a draft or for everybody."""
    return Ask("POST", f"{HELLO}/releases", "create_release", body={"tag_name": "v2.4.0", "draft": draft})


def hello(stand_in: GitHub) -> Repository:
    """Return the repository octocat/hello-world, as the stand-in holds it."""
    return stand_in.world.named("octocat/hello-world")


RECORD = GatewayRecord(
    vendor=lambda: github(SETTINGS),
    table=table,
    stand_in=lambda: build(tokens={TOKEN: "agent-bot"}),
    grant=Grant(
        tools=["issue_write", "create_release"], resources={"repositories": ["octocat/hello-world"]}, mode="write"
    ),
    read=Ask("GET", f"{HELLO}/issues/1"),
    create=create("octocat/hello-world"),
    changes=Ask("PATCH", f"{HELLO}/issues/1", "issue_write", body={"state": "closed"}),
    changed=lambda stand_in: hello(stand_in).issues[1].state == "closed",
    required="github/issue_write[title]@octocat/hello-world",
    listing=lambda size: Ask("GET", f"{HELLO}/issues?state=all&per_page={size}"),
    rows=list,
    following=by_link,
    held=lambda stand_in: len(hello(stand_in).issues),
    elsewhere=(
        Ask("GET", "/repos/octocat/other/issues/1"),
        Ask("GET", "/repos/octocat/other/contents/README.md"),
        Ask("GET", "/search/issues?q=repo:octocat/other"),
        create("octocat/other"),
    ),
    hostile=(
        Ask("GET", "/repos/octocat/hello-world%2F..%2Fother/issues"),
        Ask("GET", "/repos/octocat/../../user"),
        Ask("GET", "//repos/octocat/hello-world/issues/1"),
        Ask("GET", "http://127.0.0.1/repos/octocat/other/issues/1"),
        Ask("GET", "/repos/octocat/hello-world.git/issues"),
        Ask("GET", "/repos/octocat/h%C3%A9llo-world/issues/1"),
        Ask("GET", f"{HELLO}/issues/1%2fcomments"),
        Ask("GET", f"{HELLO}/issues/01"),
        Ask("GET", f"{HELLO}/issues?state=open&state=closed"),
        Ask("GET", f"{HELLO}/labels/..%2f..%2fother%2flabels"),
        Ask("GET", f"{HELLO}/contents/..%2f..%2f..%2f..%2frepos%2foctocat%2fother%2fcontents%2fREADME.md"),
        Ask("GET", f"{HELLO}/contents/../../other/contents/README.md"),
        Ask("GET", f"{HELLO}/contents/%252e%252e"),
        Ask("GET", f"{HELLO}/contents/docs%2f%2fREADME.md"),
        Ask("GET", f"{HELLO}/contents/README.md%0d%0aX-Evil:%201"),
        Ask("GET", "/search/issues?q=crash+repo:octocat/other+OR+repo:x/y"),
        Ask("PATCH", f"{HELLO}/issues/1", "issue_write", body={"title": "x", "locked": True}),
        create("octocat/hello-world%3F"),
    ),
    foreign={"url": "https://api.github.com/repos/octocat/other/issues/1", "number": 1},
    limited=Fault(fault="rate_limit", seconds=1),
    every_write=WRITES,
    dangerous=(release(draft=False),),
    harmless=(release(draft=True),),
)
