"""PostgreSQL and Redis, as the doctor finds them."""

from agent_effects import unsent
from agent_effects.migrations import SCHEMA as EFFECTS_SCHEMA
from agent_effects.migrations import VERSIONS as EFFECTS_VERSIONS
from agent_ledger.migrations import SCHEMA as LEDGER_SCHEMA
from agent_ledger.migrations import VERSIONS as LEDGER_VERSIONS
from agent_stores.migrate import assert_current
from agent_stores.pool import open_redis

from agent_engine.doctor.finding import DoctorSettings, Unwell, postgresql_pool, start_remedy, store_remedy

UNSENT_SECONDS = 60.0
"""How long a gateway may take to send what was approved."""


async def postgresql(settings: DoctorSettings) -> str:
    """Look at PostgreSQL: whether it answers, takes writes, and has the current schemas."""
    async with postgresql_pool(settings, whole=True) as pool:
        version = await pool.fetchval("show server_version")
        if await pool.fetchval("show transaction_read_only") == "on":
            raise Unwell(
                "it is read-only: no task can be taken in or ended",
                "lead DATABASE_URL to the primary, or set default_transaction_read_only = off",
            )
        await assert_current(pool, LEDGER_SCHEMA, LEDGER_VERSIONS)
        await assert_current(pool, EFFECTS_SCHEMA, EFFECTS_VERSIONS)
    return f"PostgreSQL {version}; schemas {LEDGER_SCHEMA} and {EFFECTS_SCHEMA} are current"


async def proposals(settings: DoctorSettings) -> str:
    """Look for proposals that were approved and that no gateway sends."""
    async with postgresql_pool(settings) as pool:
        await assert_current(pool, EFFECTS_SCHEMA, EFFECTS_VERSIONS)
        waiting = await unsent(pool, seconds=UNSENT_SECONDS)
    if waiting:
        told = ", ".join(f"{count} at {vendor}" for vendor, count in waiting.items())
        names = ", ".join(f"{vendor}-api" for vendor in waiting)
        raise Unwell(
            f"approved more than {UNSENT_SECONDS:.0f} s ago and not sent: {told}",
            f"start {names} on this DATABASE_URL, or see its log; `agent-engine proposals list --state approved`",
            state="warning",
        )
    return "every approved one is sent"


async def redis(settings: DoctorSettings) -> str:
    """Look at Redis: whether it answers, is the primary, and keeps what it is given."""
    if settings.redis_url is None:
        raise Unwell("REDIS_URL is not set", store_remedy())
    redis = open_redis(settings.redis_url.get_secret_value())
    try:
        told = await redis.info()
    except Exception as error:
        raise Unwell(f"REDIS_URL does not lead to a Redis: {error}", start_remedy("REDIS_URL")) from None
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
