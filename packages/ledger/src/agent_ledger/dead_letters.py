"""What the inbox did not take: kept with its reason, and answered. Owns the bounded stream `agent:rejected`."""

from agent_contracts import TaskResult, task_id_for
from redis.asyncio import Redis
from service_kit.access import Door

from agent_ledger.json_encoding import storable
from agent_ledger.outbox import append_result, result_fields
from agent_ledger.streams import Fields, append
from agent_ledger.task_parser import MAX_TASK_BYTES

REJECTED = "agent:rejected"
MAX_REJECTED = 10_000
MAX_FIELDS = 8
MAX_NAME_BYTES = 128


async def reject(
    redis: Redis, *, door: Door, stream: str, entry: str, fields: Fields, fault: str, message: str
) -> None:
    """Keep an entry's bytes in `agent:rejected`, and say `rejected` on its tenant's stream of results.

    Of the values the first 1 MiB in all is kept, and of the fields eight; `bytes` gives the whole size, `truncated`
    says that something was cut.
    """
    size = sum(len(name) + len(value) for name, value in fields.items())
    kept, left = {}, MAX_TASK_BYTES
    for name, value in list(fields.items())[:MAX_FIELDS]:
        kept[f"original:{name[:MAX_NAME_BYTES].decode('utf-8', 'replace')}"] = value[:left]
        left = max(0, left - len(value))
    about: dict[str, str | bytes] = {
        "stream": stream,
        "entry": entry,
        "tenant": door.tenant,
        "reason": fault,
        "message": message.encode("utf-8", "replace"),
        "bytes": str(size),
    }
    if len(fields) > MAX_FIELDS or sum(map(len, fields.values())) > MAX_TASK_BYTES:
        about["truncated"] = "true"
    await append(redis, REJECTED, {**about, **kept}, bound=MAX_REJECTED)
    task_id = task_id_for(door.tenant, stream, entry)
    result = TaskResult(task_id=task_id, status="rejected", reason="invalid", message=f"{fault}: {message}")
    answer = result_fields(f"{task_id}-0", task_id, door.tenant, "rejected", storable(result))
    await append_result(redis, door.tenant, stream, entry, answer)
