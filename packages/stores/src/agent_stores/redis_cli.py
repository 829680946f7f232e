"""One command to Redis and its reply as text: stands in for redis-cli, which no wheel brings."""

import os
from collections.abc import Iterator, Sequence

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from service_kit.untrusted_text import for_terminal

from agent_stores.errors import StoreError, without_password
from agent_stores.pool import open_redis

Reply = bytes | int | None | Sequence["Reply"]


async def run_command(url: str, words: Sequence[str]) -> str:
    """Send one command, byte for byte, and give its reply: a line for each value, indented by how deep it lies.

    Raises:
        StoreError: nothing answers there, or the command is refused.
    """
    redis = open_redis(url)
    redis.response_callbacks.clear()
    try:
        reply: Reply = await redis.execute_command(*map(os.fsencode, words))  # type: ignore[no-untyped-call]
    except (RedisConnectionError, RedisTimeoutError) as error:
        raise StoreError(
            f"REDIS_URL ({without_password(url)}) does not answer: {str(error).rstrip('.')}. "
            "Start it (`agent-stores start` starts an embedded one), or correct REDIS_URL."
        ) from error
    except RedisError as error:
        raise StoreError(f"Redis refused {for_terminal(words[0])}: {for_terminal(str(error))}") from error
    finally:
        await redis.aclose()
    return "".join(f"{line}\n" for line in _lines(reply))


def _lines(reply: Reply, depth: int = 0) -> Iterator[str]:
    if reply is None:
        yield "(nil)"
    elif isinstance(reply, int):
        yield "  " * depth + str(reply)
    elif isinstance(reply, bytes):
        yield "  " * depth + for_terminal(reply.decode(errors="replace")).replace("\n", "\\n")
    else:
        for value in reply:
            yield from _lines(value, depth if isinstance(value, bytes | int) else depth + 1)
