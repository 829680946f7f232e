"""The servers that a run reaches, and their clocks, as the doctor finds them."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime

import agent_ledger
from agent_contracts import TaskState
from agent_ledger import Clock, read_clock
from agent_stores.pool import DATABASE_ERRORS
from agent_vendors import Vendor
from service_kit.errors import ConfigError, ServiceKitError
from service_kit.http import HttpClient
from service_kit.tokens import LEEWAY_SECONDS

from agent_engine.doctor.finding import DoctorSettings, Unwell, postgresql_pool, start_remedy
from agent_engine.skills.load import load_registry

NEAR_SECONDS = LEEWAY_SECONDS // 2
"""The doctor warns of a clock that is further off, before tokens are refused for it."""
MOST_COUNTED = 1000
"""The most queued tasks that are counted."""
SEEN_SECONDS = 2
"""A server dates its answer in whole seconds, and the answer takes its time: less is no difference."""


async def model_api(settings: DoctorSettings) -> str:
    """Look at model-api."""
    return await _ready(settings.model_api_url, "MODEL_API_URL")


async def control(settings: DoctorSettings) -> str:
    """Look at control. Without it workers take tasks through the other doors."""
    try:
        return await _ready(settings.control_url, "CONTROL_URL")
    except Unwell as unwell:
        raise Unwell(str(unwell), unwell.remedy, state="warning") from None


def server(vendor: Vendor) -> Callable[[DoctorSettings], Awaitable[str]]:
    """Give the look at one vendor's MCP server."""

    async def look(settings: DoctorSettings) -> str:
        try:
            return await _ready(settings.server_url(vendor), vendor.mcp_url_variable)
        except Unwell as unwell:
            waiting = await _waiting(settings, vendor.name) if unwell.state == "bad" else ""
            raise Unwell(f"{unwell}{waiting}", unwell.remedy, state=unwell.state) from None

    return look


async def _waiting(settings: DoctorSettings, name: str) -> str:
    found = load_registry(settings.skill_folders()).skills.values()
    skills = [skill.name for skill in found if name in skill.settings.servers]
    if not skills:
        return ""
    said = f"; a worker that starts now leaves tasks of {', '.join(skills)} in the queue until it answers"
    with contextlib.suppress(Unwell, *DATABASE_ERRORS):
        async with postgresql_pool(settings) as pool:
            queued = await agent_ledger.list_tasks(pool, states=[TaskState.queued], limit=MOST_COUNTED)
        return f"{said}: {sum(task.skill in skills for task in queued)} wait"
    return said


async def clocks(settings: DoctorSettings) -> str:
    """Compare the servers' clocks, by which they verify tokens, with PostgreSQL's, by which the tokens are made."""
    async with postgresql_pool(settings) as pool:
        clock = await read_clock(pool)
    urls = {"model-api": settings.model_api_url}
    urls |= {vendor.mcp: settings.server_url(vendor) for vendor in settings.vendors.values()}
    answers = await asyncio.gather(*(_clock_skew(url, clock) for url in urls.values()))
    found = {name: seconds for name, seconds in zip(urls, answers, strict=True) if seconds is not None}
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


async def _clock_skew(url: str, clock: Clock) -> float | None:
    """Give by how many seconds a server's clock is ahead, to about a second; None where no dated answer came."""
    try:
        async with HttpClient(base_url=url, timeout=5, connect_timeout=2, retries=0) as http:
            reply = await http.request("GET", "/health")
        return (parsedate_to_datetime(reply.headers["date"]) - clock.now()).total_seconds()
    except (ServiceKitError, KeyError, ValueError, TypeError):
        return None


def _apart(seconds: float) -> str:
    return f"{abs(round(seconds))} s {'ahead' if seconds > 0 else 'behind'}"


async def _ready(url: str, variable: str) -> str:
    try:
        async with HttpClient(base_url=url, timeout=5, connect_timeout=2, retries=0) as http:
            reply = await http.request("GET", "/ready")
    except (ConfigError, ServiceKitError) as error:
        raise Unwell(f"{url} does not answer: {error}", start_remedy(variable)) from None
    try:
        report = reply.json()
        failing = {name: text for name, text in report.get("checks", {}).items() if text != "ok"}
        faults = report.get("warnings", {})
        told, warned = ("; ".join(f"{name}: {text}" for name, text in found.items()) for found in (failing, faults))
    except (ServiceKitError, AttributeError):
        told, warned = reply.text[:200], ""
    if reply.status != 200:
        raise Unwell(f"{url} is not ready ({reply.status}): {told}", "see its log")
    if warned:
        raise Unwell(f"{url} is ready, and warns: {warned}", "", state="warning")
    return f"{url} is ready"
