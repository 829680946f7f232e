"""The doctor: looks at everything that a worker depends on, and says what to mend."""

import asyncio
import os
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from agent_contracts import Grant
from agent_effects.migrations import SCHEMA as EFFECTS_SCHEMA
from agent_effects.migrations import VERSIONS as EFFECTS_VERSIONS
from agent_ledger import read_clock
from agent_ledger.migrations import SCHEMA as LEDGER_SCHEMA
from agent_ledger.migrations import VERSIONS as LEDGER_VERSIONS
from agent_stores.migrate import assert_current
from agent_stores.pool import open_pool, open_redis
from pydantic import Field, SecretStr
from service_kit.access import AccessFile
from service_kit.errors import ConfigError, ServiceKitError
from service_kit.http import HttpClient
from service_kit.redact import redact
from service_kit.tokens import LEEWAY_SECONDS, Signer, Verifier

from agent_engine.clocks import ahead
from agent_engine.confinement.limits import REMEDY as LIMITS_REMEDY
from agent_engine.confinement.probe import Probe, probe
from agent_engine.errors import EngineError
from agent_engine.house import drivers, strangers
from agent_engine.servers import SERVERS
from agent_engine.settings import RunLimits, SkillSources
from agent_engine.skills.check import check
from agent_engine.skills.load import known_folders, load_shelf

LIMIT_SECONDS = 15.0
State = Literal["ok", "warning", "bad"]


class DoctorSettings(SkillSources, RunLimits):
    """What there is of a worker's environment; the doctor says what is missing."""

    database_url: SecretStr | None = None
    redis_url: SecretStr | None = None
    access_file: Path | None = None
    agent_signing_key_file: Path | None = None
    agent_jwks_file: Path | None = None
    agent_ref_key: SecretStr | None = None
    control_url: str = "http://127.0.0.1:8000"
    model_api_url: str = "http://127.0.0.1:3006"
    github_mcp_url: str = "http://127.0.0.1:9001"
    folder: Path = Field(default=Path("var/worker"), validation_alias="WORKER_FOLDER")


@dataclass(frozen=True)
class Finding:
    """What the doctor says of one dependency.

    Attributes:
        name: the dependency.
        state: "warning" where a worker starts without it, or with less.
        detail: what was found.
        remedy: what to do; empty where there is nothing to do.
    """

    name: str
    state: State
    detail: str
    remedy: str = ""


class Unwell(Exception):
    """A dependency that is not as it should be, with the remedy."""

    def __init__(self, detail: str, remedy: str, *, state: State = "bad") -> None:
        super().__init__(detail)
        self.remedy = remedy
        self.state: State = state


async def examine(settings: DoctorSettings) -> list[Finding]:
    """Look at every dependency, side by side; nothing that is wrong with one hides another."""
    looks: dict[str, Callable[[DoctorSettings], Awaitable[str]]] = {
        "postgresql": _postgresql,
        "redis": _redis,
        "keys": _keys,
        "access file": _access,
        "skills": _skills,
        "agent CLI": _cli,
        "confinement": _confinement,
        "limits": _limits,
        "worker folder": _folder,
        "model-api": _model_api,
        "control": _control,
        "clocks": _clocks,
    }
    looks |= {f"{name}-mcp": _server(name) for name in SERVERS}
    return list(await asyncio.gather(*(_finding(name, look, settings) for name, look in looks.items())))


async def _finding(name: str, look: Callable[[DoctorSettings], Awaitable[str]], settings: DoctorSettings) -> Finding:
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            return Finding(name, "ok", redact(await look(settings)))
    except Unwell as unwell:
        return Finding(name, unwell.state, redact(str(unwell)), unwell.remedy)
    except TimeoutError:
        return Finding(name, "bad", f"no answer within {LIMIT_SECONDS:.0f} s", "see whether it runs and is reachable")
    except (ServiceKitError, EngineError, OSError) as error:
        return Finding(name, "bad", redact(str(error) or type(error).__name__))


async def _postgresql(settings: DoctorSettings) -> str:
    if settings.database_url is None:
        raise Unwell("DATABASE_URL is not set", "`agent-stores url --dir var/stores` prints one; `make init` sets it")
    pool = await open_pool(settings.database_url.get_secret_value(), size=1, application="agent-engine doctor")
    try:
        version = await pool.fetchval("show server_version")
        if await pool.fetchval("show transaction_read_only") == "on":
            raise Unwell(
                "it is read-only: no task can be taken in or ended",
                "lead DATABASE_URL to the primary, or set default_transaction_read_only = off",
            )
        await assert_current(pool, LEDGER_SCHEMA, LEDGER_VERSIONS)
        await assert_current(pool, EFFECTS_SCHEMA, EFFECTS_VERSIONS)
    finally:
        await pool.close()
    return f"PostgreSQL {version}; schemas {LEDGER_SCHEMA} and {EFFECTS_SCHEMA} are current"


async def _redis(settings: DoctorSettings) -> str:
    if settings.redis_url is None:
        raise Unwell("REDIS_URL is not set", "`agent-stores url --dir var/stores` prints one; `make init` sets it")
    redis = open_redis(settings.redis_url.get_secret_value())
    try:
        told = await redis.info()
    except Exception as error:
        raise Unwell(f"REDIS_URL does not lead to a Redis: {error}", "start it, or correct REDIS_URL") from None
    finally:
        await redis.aclose()
    if told.get("role") in ("slave", "replica"):
        raise Unwell("it is a replica and takes no writes", "lead REDIS_URL to the primary")
    if (policy := str(told.get("maxmemory_policy"))).startswith("allkeys"):
        raise Unwell(
            f"it drops keys when it is full ({policy}), and with them tasks of the inbox that no worker has read",
            "start it with --maxmemory-policy noeviction",
            state="warning",
        )
    if not told.get("aof_enabled"):
        raise Unwell(
            "it keeps no append-only file, so the inbox does not survive its crash",
            "start it with --appendonly yes",
            state="warning",
        )
    return f"{told.get('server_name', 'redis')} {told.get('valkey_version') or told.get('redis_version')}, persistent"


async def _keys(settings: DoctorSettings) -> str:
    if settings.agent_signing_key_file is None or settings.agent_ref_key is None:
        missing = "AGENT_SIGNING_KEY_FILE" if settings.agent_signing_key_file is None else "AGENT_REF_KEY"
        raise Unwell(f"{missing} is not set", "`make init` makes both keys")
    try:
        bytes.fromhex(settings.agent_ref_key.get_secret_value())
    except ValueError:
        raise Unwell("AGENT_REF_KEY is not hexadecimal", "`make init` makes one") from None
    signer = Signer.from_file(settings.agent_signing_key_file)
    if settings.agent_jwks_file is None:
        raise Unwell("AGENT_JWKS_FILE is not set here, so the pair was not tried", "", state="warning")
    token = signer.task_token(
        task=uuid.uuid4(),
        attempt=1,
        tenant="default",
        vendor="doctor",
        audience=["doctor"],
        grant=Grant(),
        lifetime_seconds=60,
    )
    Verifier(settings.agent_jwks_file, audience="doctor").task(token)
    return "a token signed here is accepted by the public keys"


async def _access(settings: DoctorSettings) -> str:
    if settings.access_file is None:
        raise Unwell("ACCESS_FILE is not set", "`make init` makes one")
    file = AccessFile(settings.access_file)
    access = file.current()
    doors = [*access.streams, *access.webhooks, *access.http, *(["cli"] if access.cli else [])]
    if not doors:
        raise Unwell("no door is open: no task can come in", f"add one to {settings.access_file}")
    unknown = strangers(settings.access_file, file, load_shelf(known_folders(settings.folders())))
    if unknown:
        raise Unwell("; ".join(unknown), f"correct {settings.access_file}", state="warning")
    return f"{len(doors)} doors: {', '.join(doors)}"


async def _skills(settings: DoctorSettings) -> str:
    shelf = load_shelf(known_folders(settings.folders()))
    found = {name: problems for name, skill in shelf.skills.items() if (problems := check(skill))}
    if found:
        name, problems = next(iter(found.items()))
        state: State = "bad" if any(shelf.skills[bad].problems for bad in found) else "warning"
        raise Unwell(
            f"{', '.join(found)}: {problems[0]}", f"`agent-engine skills check` says all of {name}", state=state
        )
    return f"{len(shelf.skills)}: {', '.join(shelf.skills)}"


async def _cli(_: DoctorSettings) -> str:
    found = []
    for name, driver in drivers().items():
        program = driver.program()
        process = await asyncio.create_subprocess_exec(
            program,
            "--version",
            env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, complaint = await process.communicate()
        if process.returncode != 0:
            told = complaint.decode("utf-8", "replace").strip()[-200:]
            raise Unwell(f"{program} --version ended with {process.returncode}: {told}", "install it again")
        found.append(f"{name} {said.decode('utf-8', 'replace').strip()}")
    return ", ".join(found)


async def _confinement(settings: DoctorSettings) -> str:
    found = await _probed(settings)
    if found.reduced:
        raise Unwell(f"reduced: {found.detail}", found.remedy, state="warning")
    return f"{found.confinement.name} ({found.detail})"


async def _limits(settings: DoctorSettings) -> str:
    limits = (await _probed(settings)).confinement.limits
    said = f"{limits.name} ({limits.why})" if limits.why else limits.name
    if limits.kind in ("partial", "none"):
        raise Unwell(said, LIMITS_REMEDY, state="warning")
    return said


async def _probed(settings: DoctorSettings) -> Probe:
    return await probe(sizes=settings.sizes(), bounds=settings.bounds(), cgroups=settings.cgroups())


async def _folder(settings: DoctorSettings) -> str:
    folder = settings.folder.resolve()
    nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise Unwell(f"{folder} cannot be written", "set WORKER_FOLDER to a folder of the worker's own")
    return str(folder)


async def _model_api(settings: DoctorSettings) -> str:
    return await _ready(settings.model_api_url, "MODEL_API_URL")


async def _control(settings: DoctorSettings) -> str:
    try:
        return await _ready(settings.control_url, "CONTROL_URL")
    except Unwell as unwell:
        # Workers do without it: the other doors stay open.
        raise Unwell(str(unwell), unwell.remedy, state="warning") from None


async def _clocks(settings: DoctorSettings) -> str:
    if settings.database_url is None:
        raise Unwell("there is no PostgreSQL to compare the servers' clocks with", "", state="warning")
    pool = await open_pool(settings.database_url.get_secret_value(), size=1, application="agent-engine doctor")
    try:
        clock = await read_clock(pool)
    finally:
        await pool.close()
    urls = {"model-api": settings.model_api_url} | {
        f"{name}-mcp": str(getattr(settings, server.url_variable.lower())) for name, server in SERVERS.items()
    }
    found = await ahead(urls, clock)
    told = ", ".join(f"{name} {seconds:+.0f} s" for name, seconds in found.items())
    if not told:
        raise Unwell("no server answered, so no clock was compared", "", state="warning")
    if any(abs(seconds) > LEEWAY_SECONDS / 2 for seconds in found.values()):
        detail = f"apart from PostgreSQL's: {told}"
        raise Unwell(detail, f"set the hosts' clocks: past {LEEWAY_SECONDS} s the runs' tokens are refused")
    return f"as PostgreSQL's: {told}"


def _server(name: str) -> Callable[[DoctorSettings], Awaitable[str]]:
    variable = SERVERS[name].url_variable

    async def look(settings: DoctorSettings) -> str:
        return await _ready(str(getattr(settings, variable.lower())), variable)

    return look


async def _ready(url: str, variable: str) -> str:
    http = HttpClient(base_url=url, timeout=5, connect_timeout=2, retries=0)
    try:
        reply = await http.request("GET", "/ready")
    except (ConfigError, ServiceKitError) as error:
        raise Unwell(f"{url} does not answer: {error}", f"start it (`make up`), or correct {variable}") from None
    finally:
        await http.aclose()
    if reply.status == 200:
        return f"{url} is ready"
    try:
        failing = {name: text for name, text in reply.json().get("checks", {}).items() if text != "ok"}
        told = "; ".join(f"{name}: {text}" for name, text in failing.items())
    except (ServiceKitError, AttributeError):
        told = reply.text[:200]
    raise Unwell(f"{url} is not ready ({reply.status}): {told}", "see its log")
