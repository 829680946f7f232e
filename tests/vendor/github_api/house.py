"""GitHub's gateway over real HTTP, with the stand-in GitHub behind it, real stores, and two services that call it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from agent_contracts import Grant
from api_kit import Rate, UpstreamVendor
from fixtures.gateway import House, served
from fixtures.serving import serving
from github_api.settings import GitHubApiSettings
from github_api.table import TIERS, table
from github_api.upstream import github
from vendor.github_api.conformance import HELLO, RECORD, SETTINGS, TOKEN

__all__ = ["HELLO", "TOKEN", "WRITER", "House", "hello", "house"]

REPOSITORY = "octocat/hello-world"
WRITER = Grant(
    tools=["issue_read", "issue_write", "add_issue_comment", "search_issues"],
    resources={"repositories": [REPOSITORY]},
    mode="write",
)
TENANT = Grant(
    resources={"repositories": ["octocat/*", "octo-org/*"], "gists": ["agent-bot", "mona-example"]}, mode="write"
)
OPENED = {"resources": {"repositories": [REPOSITORY]}}
BOTH = {"resources": {"repositories": [REPOSITORY, "octocat/hello-house"]}, "mode": "write"}
SERVICES = {
    "reader": {"opens": {"github": OPENED}},
    "helper": {"opens": {"github": {**OPENED, "mode": "write"}}},
    "keeper": {
        "opens": {"github": {"resources": {"repositories": [REPOSITORY], "gists": ["agent-bot"]}, "mode": "write"}}
    },
    "seer": {"opens": {"github": {"resources": {"repositories": ["octocat/*", "octo-org/*"], "gists": ["agent-bot"]}}}},
    "mover": {"opens": {"github": BOTH}},
    "owner": {"opens": {"github": {"resources": {"repositories": ["octo-org/*"]}, "mode": "write"}}},
}


@asynccontextmanager
async def house(
    folder: Path,
    database_url: str,
    vendor: UpstreamVendor | None = None,
    *,
    downloads: str = "",
    tiers: Mapping[str, Rate] = TIERS,
    **more: Any,
) -> AsyncIterator[House]:
    """Serve the gateway and its GitHub; `vendor` has another credential, `more` are settings, in small letters.

    `downloads` are the hosts of logs, by default the stand-in's.
    """
    app, access = RECORD.stand_in(), {"services": SERVICES}
    async with (
        serving(app) as upstream,
        served(
            folder,
            database_url,
            vendor or github(_settings(downloads or _other_host(upstream))),
            table(),
            upstream_url=upstream,
            tenant=TENANT,
            access=access,
            tiers=tiers,
            **more,
        ) as api,
    ):
        yield House(**{**vars(api), "grant": WRITER}, app=app, upstream_url=upstream)


def _settings(downloads: str) -> GitHubApiSettings:
    return SETTINGS.model_copy(update={"github_upstream_download_hosts": downloads})


def _other_host(upstream: str) -> str:
    """Return where the stand-in keeps its logs: with itself, by another name."""
    return upstream.removeprefix("http://").replace("127.0.0.1", "localhost")


def hello(api: House) -> Any:
    """Return the repository octocat/hello-world, as the stand-in holds it."""
    return api.app.stand_in.world.find("octocat", "hello-world")
