"""Clears the inbox's consumer group of the names of drains that are gone: each worker process leaves one."""

from datetime import timedelta
from typing import Any

from redis.asyncio import Redis
from service_kit.access import Access

from agent_ledger.inbox import GROUP

GONE_AFTER = timedelta(days=1)
DROP = """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local dropped = 0
for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  if group[2] == ARGV[1] then
    for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
      local about = {}
      for at = 1, #consumer, 2 do about[consumer[at]] = consumer[at + 1] end
      if about['pending'] == 0 and about['idle'] >= tonumber(ARGV[2]) then
        redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], about['name'])
        dropped = dropped + 1
      end
    end
  end
end
return dropped
"""
"""One script, as a consumer that came back and was given entries in between would lose them."""


async def drop_gone_consumers(redis: Redis, access: Access, *, gone_after: timedelta = GONE_AFTER) -> int:
    """Delete the consumers of every stream that hold no entry and have not asked for so long; give how many.

    Raises:
        RedisError: Redis cannot be reached, or allows no scripts.
    """
    script = redis.register_script(DROP)
    dropped = 0
    for stream in access.streams:
        found: Any = await script(keys=[stream], args=[GROUP, int(gone_after.total_seconds() * 1000)])
        dropped += int(found)
    return dropped
