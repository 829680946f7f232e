"""A github-api over real HTTP, with the stand-in GitHub behind it and real stores; and ways to call it raw."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from agent_contracts import Grant
from api_kit import open_gateway
from fixtures.gateway import Served, claimed, effects, running_task, until
from fixtures.ports import free_ports
from fixtures.serving import serving
from github_api.routes import TIERS, table
from github_api.settings import GitHubApiSettings
from github_api.upstream import github
from service_kit.bearer import new_token, token_hash
from service_kit.keys import write_keys
from service_kit.settings import load
from service_kit.tokens import Signer
from stand_ins.github.app import StandInApp, build
from stand_ins.kit.faults import Fault, Match

__all__ = ["claimed", "effects", "running_task", "until"]

UPSTREAM_TOKEN = "ghp_" + "a" * 36
OTHER_TOKEN = "ghp_" + "b" * 36
HELLO = "octocat/hello-world"
WRITER = Grant(
    tools=["issue_read", "issue_write", "add_issue_comment", "search_issues"],
    resources={"repositories": [HELLO]},
    mode="write",
)


@dataclass(kw_only=True)
class House(Served):
    """One gateway, and what stands around it."""

    vendor: str = "github"
    github: StandInApp
    github_url: str
    settings: GitHubApiSettings

    def token(self, grant: Grant = WRITER, **more: Any) -> str:
        """Sign a task token as the engine does."""
        return super().token(grant, **more)

    def fault(self, fault: str, *, method: str | None = None, path: str = "", **more: Any) -> None:
        """Order a fault of the stand-in."""
        self.github.controls.gate.faults.append(
            Fault.model_validate({"fault": fault, "match": Match(method=method, path_regex=path), **more})
        )

    @property
    def seen(self) -> list[dict[str, Any]]:
        """What reached GitHub."""
        return list(self.github.controls.log.entries)


def write_access(folder: Path) -> dict[str, str]:
    """Write access.yaml and give the services' and people's tokens."""
    tokens = {name: new_token("service") for name in ("github-mcp", "reader", "helper")}
    opened = {"resources": {"repositories": [HELLO]}}
    services: dict[str, Any] = {name: {"token_sha256": [token_hash(token)]} for name, token in tokens.items()}
    services["reader"]["opens"] = {"github": opened}
    services["helper"]["opens"] = {"github": {**opened, "mode": "write"}}
    wide = {"resources": {"repositories": ["octocat/*"]}, "mode": "write"}
    tenants = {
        "default": {"vendors": {"github": wide}},
        "acme": {"vendors": {"github": wide}},
        "careful": {"vendors": {"github": {**wide, "mode": "read"}}},
        "elsewhere": {"vendors": {"jira": wide}},
    }
    entries: dict[str, tuple[str, dict[str, Any]]] = {
        "ann": ("default", {"github": {"resources": {"repositories": [HELLO, "elsewhere/*"]}}}),
        "bob": ("default", {"github": {**wide, "tools": ["issue_read", "add_issue_comment"]}}),
        "cem": ("default", {"github": {**wide, "mode": "propose"}}),
        "dee": ("careful", {"github": wide}),
        "eve": ("default", {"jira": wide}),
        "fay": ("elsewhere", {"github": wide}),
    }
    tokens |= {name: new_token("person") for name in entries}
    people = {
        name: {"token_sha256": [token_hash(tokens[name])], "tenant": tenant, "vendors": vendors}
        for name, (tenant, vendors) in entries.items()
    }
    (folder / "access.yaml").write_text(json.dumps({"tenants": tenants, "services": services, "people": people}))
    return tokens


@asynccontextmanager
async def gateway(settings: GitHubApiSettings) -> AsyncIterator[str]:
    """Serve one more instance of the gateway."""
    base_url = settings.github_upstream_url
    async with (
        open_gateway(table(), github(settings), settings, base_url=base_url, tiers=TIERS) as app,
        serving(app) as url,
    ):
        yield url


@asynccontextmanager
async def house(folder: Path, database_url: str, redis_url: str | None, **more: Any) -> AsyncIterator[House]:
    """Serve a gateway and its GitHub."""
    services = write_access(folder)
    write_keys(folder / "key.json", folder / "jwks.json")
    app = build(tokens={UPSTREAM_TOKEN: "agent-bot", OTHER_TOKEN: "other-bot"})
    async with serving(app) as github_url, httpx.AsyncClient(verify=False, timeout=20) as client:
        settings = load(
            GitHubApiSettings,
            {
                "ACCESS_FILE": str(folder / "access.yaml"),
                "AGENT_JWKS_FILE": str(folder / "jwks.json"),
                "DATABASE_URL": database_url,
                "GITHUB_UPSTREAM_URL": github_url,
                **({"REDIS_URL": redis_url} if redis_url else {}),
                **({} if "github_upstream_tokens_file" in more else {"GITHUB_UPSTREAM_TOKEN": UPSTREAM_TOKEN}),
                **{name.upper(): str(value) for name, value in more.items()},
            },
        )
        async with gateway(settings) as url:
            yield House(
                url=url,
                github=app,
                github_url=github_url,
                settings=settings,
                signer=Signer.from_file(folder / "key.json"),
                services=services,
                client=client,
            )


def environment(settings: GitHubApiSettings) -> dict[str, str]:
    """Give the environment that a process needs for the same gateway."""
    return {
        "ACCESS_FILE": str(settings.access_file),
        "AGENT_JWKS_FILE": str(settings.agent_jwks_file),
        "DATABASE_URL": settings.database_url,
        "GITHUB_UPSTREAM_URL": settings.github_upstream_url,
        "GITHUB_UPSTREAM_TOKEN": UPSTREAM_TOKEN,
        **({"REDIS_URL": settings.redis_url} if settings.redis_url else {}),
    }


async def started(api: House) -> tuple[asyncio.subprocess.Process, str]:
    """Start one more instance as a process, and give it with its address once it is ready."""
    (port,) = free_ports(1)
    command = (sys.executable, "-m", "github_api", "--port", str(port))
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, env=environment(api.settings), stdout=pipe, stderr=pipe)
    url = f"http://127.0.0.1:{port}"
    for _ in range(400):
        try:
            await api.client.get(f"{url}/ready")
            return process, url
        except httpx.TransportError:
            await asyncio.sleep(0.05)
    process.kill()
    _, err = await process.communicate()
    raise AssertionError(err.decode())
