"""The bundle for Claude Desktop is valid and starts the server; its server.json is what the MCP registry takes."""

import asyncio
import hashlib
import json
import os
import shutil
import sys
import zipfile
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from contract.mcp.conftest import CACHE, PASSED, run
from fastmcp import Client
from fastmcp.client.transports import StdioTransport
from github_mcp.server import build_server
from github_mcp.settings import GitHubSettings
from mcp_kit.app import assemble
from mcp_kit.caller import OWNER
from mcp_kit.metrics import Metrics
from service_kit.settings import load

CHECKOUT = Path(__file__).parents[3]
SCHEMAS = "skillsaw==0.22.0"
"""A linter whose wheel has the registry's schemas, word for word: their own address is not asked by a test."""
SCHEMA = "skillsaw/schemas/mcp_registry/v2025_12_11/server.schema.json"
SCHEMA_SHA256 = "3fba09590c99f61735d234822279f4223fab9e300c0a81e81c91ab62a4114de0"

pytestmark = [pytest.mark.npm, pytest.mark.slow, pytest.mark.timeout(400)]


def _environ(home: Path) -> dict[str, str]:
    reached = {
        name: value for name, value in os.environ.items() if PASSED.match(name) or name.startswith(("UV_", "SSL_CERT"))
    }
    tools = f"{CHECKOUT / '.tools' / 'bin'}:{os.environ['PATH']}"
    npmrc = Path.home() / ".npmrc"
    if npmrc.exists():
        reached.setdefault("npm_config_userconfig", str(npmrc))
    uv_cache = os.environ.get("UV_CACHE_DIR", str(Path.home() / ".cache" / "uv"))
    return {
        **reached,
        "PATH": tools,
        "HOME": str(home),
        "npm_config_cache": str(CACHE),
        "UV_CACHE_DIR": uv_cache,
        "UV_SYSTEM_CERTS": "true",
        "CI": "1",
    }


async def test_it_is_packed_and_starts_the_server(tmp_path: Path) -> None:
    """`make bundle` packs what Anthropic's own tool finds valid; what it names starts and lists the default tools."""
    environ = _environ(tmp_path)
    command = (sys.executable, str(CHECKOUT / "scripts" / "bundle.py"), "--owner", "acme", "--out", str(tmp_path))
    ended = await run(*command, environ=environ, cwd=tmp_path, timeout=240)
    assert ended.status == 0, ended.err
    bundle, unpacked = tmp_path / "github-mcp.mcpb", tmp_path / "unpacked"
    with zipfile.ZipFile(bundle) as packed:
        packed.extractall(unpacked)
    assert {path.name for path in unpacked.iterdir()} == {
        "LICENSE",
        "main.py",
        "manifest.json",
        "pyproject.toml",
        "wheels",
    }
    manifest = json.loads((unpacked / "manifest.json").read_text())
    config = manifest["server"]["mcp_config"]
    values = {"github_token": "a-token", **{n: str(v.get("default")) for n, v in manifest["user_config"].items()}}
    values["github_token"] = "a-token"
    given = {name: _filled(text, unpacked, values) for name, text in config["env"].items()}
    arguments = [_filled(text, unpacked, values) for text in config["args"]]
    uv = shutil.which(config["command"], path=environ["PATH"])
    assert uv
    transport = StdioTransport(uv, arguments, env={**environ, **given}, log_file=tmp_path / "log", keep_alive=False)
    async with Client(transport, init_timeout=240) as client:
        listed = [tool.name for tool in await client.list_tools()]
    settings = load(GitHubSettings, {"GITHUB_TOOLSETS": "default"})
    async with Client(assemble(build_server(settings), settings, Metrics(), unnamed=OWNER, callers=None)) as client:
        assert listed == [tool.name for tool in await client.list_tools()]
    document = json.loads((tmp_path / "server.json").read_text())
    assert document["packages"][0]["fileSha256"] == hashlib.sha256(bundle.read_bytes()).hexdigest()
    assert "OWNER" not in json.dumps(document)
    jsonschema_rs.validate(await _registry_schema(tmp_path, environ), document)


def _filled(text: str, folder: Path, values: dict[str, str]) -> str:
    """Fill in what the host does: the bundle's folder, and what the user configured."""
    for name, value in values.items():
        text = text.replace(f"${{user_config.{name}}}", value.lower() if value in ("True", "False") else value)
    return text.replace("${__dirname}", str(folder))


async def _registry_schema(folder: Path, environ: dict[str, str]) -> dict[str, Any]:
    uv = shutil.which("uv", path=environ["PATH"])
    assert uv
    target = folder / "schemas"
    command = (
        uv,
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--python",
        sys.executable,
        "--target",
        str(target),
        SCHEMAS,
    )
    ended = await run(*command, environ=environ, cwd=folder)
    assert ended.status == 0, ended.err
    text = await asyncio.to_thread((target / SCHEMA).read_bytes)
    assert hashlib.sha256(text).hexdigest() == SCHEMA_SHA256
    schema: dict[str, Any] = json.loads(text)
    return schema
