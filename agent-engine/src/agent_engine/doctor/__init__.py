"""The doctor: looks at everything that a worker depends on, and says what to mend."""

import asyncio
from collections.abc import Awaitable, Callable

from service_kit.errors import ServiceKitError
from service_kit.redact import redact

from agent_engine.doctor.finding import DoctorSettings, Finding, Unwell
from agent_engine.doctor.servers import clocks, control, model_api, server
from agent_engine.doctor.stores import postgresql, proposals, redis
from agent_engine.doctor.worker import access, agent_clis, confinement, folder, keys, limits, skills, vendors
from agent_engine.errors import EngineError

__all__ = ["DoctorSettings", "Finding", "examine"]

LIMIT_SECONDS = 15.0


async def examine(settings: DoctorSettings) -> list[Finding]:
    """Look at every dependency at the same time. A fault of one hides no other."""
    checks: dict[str, Callable[[DoctorSettings], Awaitable[str]]] = {
        "postgresql": postgresql,
        "redis": redis,
        "proposals": proposals,
        "keys": keys,
        "access file": access,
        "vendors": vendors,
        "skills": skills,
        "agent CLI": agent_clis,
        "confinement": confinement,
        "limits": limits,
        "worker folder": folder,
        "model-api": model_api,
        "control": control,
        "clocks": clocks,
    }
    checks |= {vendor.mcp: server(vendor) for vendor in settings.vendors.values()}
    return list(await asyncio.gather(*(_finding(name, look, settings) for name, look in checks.items())))


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
