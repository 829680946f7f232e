"""The doctor: every dependency is looked at, and what is wrong comes with its remedy."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import agent_effects
import agent_ledger
import asyncpg
import pytest
from agent_contracts import Task
from agent_engine.doctor import DoctorSettings, Finding, examine
from agent_engine.doctor.finding import Unwell
from agent_engine.doctor.worker import vendors
from agent_engine.health import health_app
from agent_engine.settings import load_addressed
from agent_engine.skills.load import load_registry
from agent_engine.worker_context import open_context
from core.agent_engine.script import Script
from core.agent_engine.skill_folder import write_skill
from core.agent_engine.worker_place import DOOR, KEY, Place
from fixtures.proposals import SHOWN, digest, proposed
from fixtures.serving import serving
from redis.asyncio import Redis
from service_kit.errors import ConfigError
from service_kit.http import HttpClient
from service_kit.keys import read_private, write_keys, write_private
from service_kit.tokens import Signer
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from structlog.testing import capture_logs


async def examined(**environ: str) -> dict[str, Finding]:
    """Let the doctor look at an environment; servers are where nobody answers unless the test says so."""
    nowhere = dict.fromkeys(("CONTROL_URL", "MODEL_API_URL", "GITHUB_MCP_URL"), "http://127.0.0.1:9")
    findings = await examine(load_addressed(DoctorSettings, {**nowhere, **environ}))
    return {finding.name: finding for finding in findings}


async def test_empty_environment_is_said_whole() -> None:
    """With nothing set, everything that is missing is named with its remedy at once."""
    found = await examined()
    for name in ("postgresql", "redis", "keys", "access file", "model-api", "github-mcp"):
        assert found[name].state == "bad", name
        assert found[name].remedy, name
    assert found["skills"].state == "ok"
    assert found["agent CLI"].state == "ok"
    assert found["control"].state == "warning"


async def test_whole_house_is_well(place: Place) -> None:
    """Stores, keys and doors that are as they should be are ok."""
    found = await examined(
        DATABASE_URL=place.database_url,
        REDIS_URL=place.redis_url,
        ACCESS_FILE=str(place.folder / "access.yaml"),
        AGENT_SIGNING_KEY_FILE=str(place.folder / "key.json"),
        AGENT_JWKS_FILE=str(place.folder / "jwks.json"),
        AGENT_REF_KEY=KEY.hex(),
        WORKER_FOLDER=str(place.folder),
    )
    states = {name: found[name].state for name in ("postgresql", "keys", "access file", "worker folder", "confinement")}
    assert states == dict.fromkeys(states, "ok")
    assert found["redis"].state in ("ok", "warning")


async def test_unmigrated_database_is_named(empty_database_url: str) -> None:
    """A database that nobody migrated is named, with the command."""
    found = await examined(DATABASE_URL=empty_database_url)
    assert found["postgresql"].state == "bad"
    assert "migrate" in found["postgresql"].detail


@pytest.mark.slow
async def test_approved_proposals_that_nobody_sends_are_named(database_url: str, pool: asyncpg.Pool) -> None:
    """What was approved a while ago and is not sent is a warning that names the gateway; what is fresh is none."""
    id_ = await proposed(pool)
    await agent_effects.decide(pool, id_, approve=True, by="person:x", reason="", sha256=digest(SHOWN))
    assert (await examined(DATABASE_URL=database_url))["proposals"].state == "ok"
    await pool.execute("update gateway.proposals set decided_at = decided_at - interval '2 minutes'")
    found = (await examined(DATABASE_URL=database_url))["proposals"]
    assert (found.state, "1 at github" in found.detail, "github-api" in found.remedy) == ("warning", True, True)


async def test_vendors_without_shapes_of_secrets_are_named() -> None:
    """Where a vendor's record brings no shapes of its secrets, or no vendor is installed, nothing masks them."""
    assert (await examined())["vendors"] == Finding("vendors", "ok", "github")
    settings = load_addressed(DoctorSettings, {})
    settings.__dict__["vendors"] = {"github": replace(settings.vendors["github"], secret_shapes=())}
    with pytest.raises(Unwell, match=r"^the secrets of github are not masked") as bare:
        await vendors(settings)
    settings.__dict__["vendors"] = {}
    with pytest.raises(Unwell, match=r"^no vendor is installed") as none:
        await vendors(settings)
    assert (bare.value.state, none.value.state) == ("warning", "bad")
    assert "install" in none.value.remedy


async def test_a_mixed_up_signing_key_is_named(tmp_path: Path) -> None:
    """A key file whose private part belongs to another key is bad, though its public part is known."""
    key, other, public = (tmp_path / name for name in ("key.json", "other.json", "jwks.json"))
    write_keys(other, tmp_path / "others.json")
    write_keys(key, public)
    environ = {"AGENT_SIGNING_KEY_FILE": str(key), "AGENT_JWKS_FILE": str(public), "AGENT_REF_KEY": KEY.hex()}
    right = Finding("keys", "ok", "a token signed here is accepted by the public keys")
    assert (await examined(**environ))["keys"] == right
    write_private(key, json.dumps(read_private(key) | {"d": read_private(other)["d"]}))
    found = (await examined(**environ))["keys"]
    assert (found.state, bool(re.search("does not (match|fit)", found.detail))) == ("bad", True)


@pytest.mark.slow
@pytest.mark.bad_input
async def test_a_database_that_takes_no_writes_is_named(database_url: str, pool: asyncpg.Pool) -> None:
    """A database that is read-only is bad, with what to do."""
    name = await pool.fetchval("select current_database()")
    await pool.execute(f"alter database {name} set default_transaction_read_only = on")
    found = (await examined(DATABASE_URL=database_url))["postgresql"]
    assert (found.state, "read-only" in found.detail) == ("bad", True)
    assert "default_transaction_read_only = off" in found.remedy


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("wrong", "right", "state", "said", "remedy"),
    [
        ("maxmemory-policy allkeys-lru", "maxmemory-policy noeviction", "warning", "allkeys-lru", "noeviction"),
        ("replicaof 127.0.0.1 9", "replicaof no one", "bad", "is a replica", "REDIS_URL to the primary"),
    ],
)
async def test_a_redis_that_may_lose_or_refuse_tasks_is_named(
    redis: Redis, redis_url: str, wrong: str, right: str, state: str, said: str, remedy: str
) -> None:
    """A Redis that evicts is a warning, one that takes no writes is bad; both with what to do."""

    async def turn(words: str) -> None:
        command = words if words.startswith("replicaof") else f"config set {words}"
        await redis.execute_command(*command.split())  # type: ignore[no-untyped-call]

    await turn(wrong)
    try:
        found = (await examined(REDIS_URL=redis_url))["redis"]
    finally:
        await turn(right)
    assert (found.state, said in found.detail, remedy in found.remedy) == (state, True, True)


async def test_keys_that_do_not_fit_are_found(place: Place, tmp_path: Path) -> None:
    """A signing key that the public keys do not know is told as such, with the command that mends it."""
    (tmp_path / "other.json").write_text('{"keys": []}')
    found = await examined(
        AGENT_SIGNING_KEY_FILE=str(place.folder / "key.json"),
        AGENT_JWKS_FILE=str(tmp_path / "other.json"),
        AGENT_REF_KEY=KEY.hex(),
    )
    assert (found["keys"].state, "is not public in" in found["keys"].detail) == ("bad", True)
    assert "agent-engine keys rotate" in found["keys"].remedy


async def test_names_that_nothing_knows_are_a_warning(tmp_path: Path) -> None:
    """A skill or vendor in the access file that nothing here has is shown with its line."""
    (tmp_path / "access.yaml").write_text(
        "tenants: {default: {}}\ncli:\n  skills: [issue-triag]\n  vendors: {githib: {}}\n"
    )
    found = await examined(ACCESS_FILE=str(tmp_path / "access.yaml"))
    assert found["access file"].state == "warning"
    assert "line 3: cli.skills.0: " in found["access file"].detail
    assert "did you mean issue-triage?" in found["access file"].detail
    assert "line 4: cli.vendors.githib: " in found["access file"].detail


async def test_server_that_is_not_ready_says_why() -> None:
    """A server's own words on why it is not ready are shown."""

    async def ready(_: object) -> JSONResponse:
        return JSONResponse({"checks": {"github": "no token", "other": "ok"}}, status_code=503)

    async with serving(Starlette(routes=[Route("/ready", ready)])) as url:
        found = await examined(GITHUB_MCP_URL=url)
    assert "github: no token" in found["github-mcp"].detail
    assert "other" not in found["github-mcp"].detail


@pytest.mark.parametrize(
    ("seconds", "state", "says"),
    [
        (1, "ok", r"as PostgreSQL's: (model-api, )?github-mcp$"),
        (-5, "ok", r"at most 15 s from PostgreSQL's: .*github-mcp \d+ s behind"),
        (300, "bad", r"more than 15 s from PostgreSQL's: .*github-mcp (29\d|300) s ahead"),
        (-300, "bad", r"more than 15 s from PostgreSQL's: .*github-mcp 30\d s behind"),
    ],
)
async def test_clocks_that_are_apart_are_told(place: Place, seconds: int, state: str, says: str) -> None:
    """A server whose clock is minutes off PostgreSQL's would refuse good tokens: it is named, with its distance."""

    async def health(_: object) -> JSONResponse:
        date = format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)
        return JSONResponse({"status": "ok"}, headers={"date": date})

    async with serving(Starlette(routes=[Route("/health", health)]), date_header=False) as url:
        found = await examined(DATABASE_URL=place.database_url, GITHUB_MCP_URL=url)
    assert found["clocks"].state == state
    assert re.match(says, found["clocks"].detail)
    assert bool(found["clocks"].remedy) == (state == "bad")


async def test_what_waits_for_a_server_is_said(database_url: str, pool: asyncpg.Pool, tmp_path: Path) -> None:
    """A server that does not answer is told with the skills and the number of tasks that wait for it."""
    write_skill(tmp_path, "look")
    await agent_ledger.register_skills(pool, load_registry([tmp_path]).rows())
    task = Task(skill="look", input={"repository": "octocat/hello-world"})
    await agent_ledger.submit(pool, task, door=DOOR)
    found = (await examined(DATABASE_URL=database_url, SKILLS_PATH=str(tmp_path)))["github-mcp"]
    assert found.state == "bad"
    assert re.search(r"leaves tasks of .*look in the queue until it answers: 1 wait$", found.detail)


async def test_wrong_skill_is_named(tmp_path: Path) -> None:
    """A skill that would not pass the check is named with the command that says more."""
    write_skill(tmp_path, model="sonnet")
    found = await examined(SKILLS_PATH=str(tmp_path))
    assert found["skills"].state == "warning"
    assert "skills check" in found["skills"].remedy


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics"])
async def test_worker_tells_its_health(place: Place, path: str) -> None:
    """A worker answers on all three paths, and is ready when stores and schemas are as they should be."""
    async with serving(health_app(place.context(Script(lambda _: [])))) as url:
        http = HttpClient(base_url=url)
        try:
            reply = await http.request("GET", path)
        finally:
            await http.aclose()
    assert reply.status == 200
    if path == "/metrics":
        assert "agent_engine_slots" in reply.text


async def test_worker_whose_key_is_not_public_does_not_work(place: Place, tmp_path: Path) -> None:
    """It does not start; one that runs already is not ready, and its log says why."""
    (tmp_path / "other.json").write_text('{"keys": []}')
    with pytest.raises(ConfigError, match=r"is not public in .*other\.json.*agent-engine keys rotate"):
        async with open_context(place.settings(AGENT_JWKS_FILE=tmp_path / "other.json")):
            pass
    signer = Signer(place.folder / "key.json", tmp_path / "other.json")
    context = replace(place.context(Script(lambda _: [])), signer=signer)
    async with serving(health_app(context)) as url, HttpClient(base_url=url) as http:
        with capture_logs() as lines:
            reply = await http.request("GET", "/ready")
    assert (reply.status, "fails" in reply.json()["checks"]["key"], str(tmp_path) in reply.text) == (503, True, False)
    assert any("is not public" in line.get("error", "") for line in lines)
