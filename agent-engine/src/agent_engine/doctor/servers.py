"""The servers that a run reaches, and their clocks, as the doctor finds them."""

from collections.abc import Awaitable, Callable

import agent_ledger
from agent_contracts import TaskState
from agent_ledger import read_clock
from agent_stores.pool import DATABASE_ERRORS, open_pool
from agent_vendors import Vendor
from service_kit.errors import ConfigError, ServiceKitError
from service_kit.http import HttpClient
from service_kit.tokens import LEEWAY_SECONDS

from agent_engine.clocks import clock_skew
from agent_engine.doctor.finding import DoctorSettings, Unwell
from agent_engine.skills.load import known_folders, load_registry

NEAR_SECONDS = LEEWAY_SECONDS // 2
"""A clock further off is told before tokens are refused for it."""
MOST_COUNTED = 1000
"""How many queued tasks are looked at."""
SEEN_SECONDS = 2
"""A server dates its answer in whole seconds, and the answer takes its time: less is no difference."""


async def model_api(settings: DoctorSettings) -> str:
    """Look at model-api."""
    return await _ready(settings.model_api_url, "MODEL_API_URL")


async def control(settings: DoctorSettings) -> str:
    """Look at control, which workers can do without."""
    try:
        return await _ready(settings.control_url, "CONTROL_URL")
    except Unwell as unwell:
        # Workers do without it: the other doors stay open.
        raise Unwell(str(unwell), unwell.remedy, state="warning") from None


def server(vendor: Vendor) -> Callable[[DoctorSettings], Awaitable[str]]:
    """Give the look at one vendor's MCP server."""

    async def look(settings: DoctorSettings) -> str:
        try:
            return await _ready(settings.server_url(vendor), vendor.mcp_url_variable)
        except Unwell as unwell:
            raise Unwell(f"{unwell}{await _waiting(settings, vendor.name)}", unwell.remedy) from None

    return look


async def _waiting(settings: DoctorSettings, name: str) -> str:
    """Say which skills and how many tasks wait for a server; nothing where none does."""
    found = load_registry(known_folders(settings.folders())).skills.values()
    skills = [skill.name for skill in found if name in skill.settings.servers]
    if not skills:
        return ""
    said = f"; a worker that starts now leaves tasks of {', '.join(skills)} in the queue until it answers"
    if settings.database_url is None:
        return said
    pool = await open_pool(settings.database_url.get_secret_value(), size=1, application="agent-engine doctor")
    try:
        queued = await agent_ledger.list_tasks(pool, states=[TaskState.queued], limit=MOST_COUNTED)
    except DATABASE_ERRORS:
        return said
    finally:
        await pool.close()
    return f"{said}: {sum(task.skill in skills for task in queued)} wait"


async def clocks(settings: DoctorSettings) -> str:
    """Hold the servers' clocks against PostgreSQL's, by which the runs' tokens are made."""
    if settings.database_url is None:
        raise Unwell("there is no PostgreSQL to compare the servers' clocks with", "", state="warning")
    pool = await open_pool(settings.database_url.get_secret_value(), size=1, application="agent-engine doctor")
    try:
        clock = await read_clock(pool)
    finally:
        await pool.close()
    urls = {vendor.mcp: settings.server_url(vendor) for vendor in settings.vendors.values()}
    urls["model-api"] = settings.model_api_url
    found = await clock_skew(urls, clock)
    if not found:
        raise Unwell("no server answered, so no clock was compared", "", state="warning")
    same = ", ".join(name for name, seconds in found.items() if abs(seconds) < SEEN_SECONDS)
    apart = [f"{name} {_apart(seconds)}" for name, seconds in found.items() if abs(seconds) >= SEEN_SECONDS]
    if not apart:
        return f"as PostgreSQL's: {same}"
    told = ", ".join(apart) + (f"; as PostgreSQL's: {same}" if same else "")
    if any(abs(seconds) > NEAR_SECONDS for seconds in found.values()):
        detail = f"more than {NEAR_SECONDS} s from PostgreSQL's: {told}"
        raise Unwell(detail, f"set the hosts' clocks: past {LEEWAY_SECONDS} s the runs' tokens are refused")
    return f"at most {NEAR_SECONDS} s from PostgreSQL's: {told}"


def _apart(seconds: float) -> str:
    return f"{abs(round(seconds))} s {'ahead' if seconds > 0 else 'behind'}"


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
