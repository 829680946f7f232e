"""What two tenants share of a worker: the inbox that it drains, and the results that it delivers."""

import asyncio
import http.server
import json
import queue
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
from agent_contracts import uuid7
from agent_contracts.task import ReplyTo
from agent_ledger import ClaimedTask, Turns
from agent_stores.pool import open_pool, open_redis
from fixtures.gateway import SKILL
from redis.asyncio import Redis

from bench.ledger_tasks import claim, finish, submit
from bench.processes import BenchError, free_port, serving
from bench.tenants import BIN, LOAD_SECONDS, Subject, Tenant, Tenants, median_ms

RESULTS = 120
SILENT = ("127.0.0.2", "127.0.0.3", "127.0.0.4")
"""The loud tenant's hosts, which take a result and never answer: three use up all places that a tenant has."""
CANCELS = 20_000
WAIT_SECONDS = 60.0
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def subjects(tenants: Tenants, stack: ExitStack, loop: asyncio.Runner) -> list[Subject]:
    """Start a worker, which the stack ends, and give what is measured of it."""
    receiver = stack.enter_context(_receiving())
    silent = [f"http://{host}:{free_port()}" for host in SILENT]
    more = {
        "AGENT_REF_KEY": "00" * 32,
        "AGENT_SIGNING_KEY_FILE": str(tenants.folder / "key.json"),
        "REPLY_DESTINATIONS": json.dumps(dict.fromkeys([receiver.url, *silent], SECRET)),
        "WORKER_FOLDER": str(tenants.folder / "worker"),
        "WORKER_POOLS": "workers",
    }
    argv = [str(BIN / "agent-engine"), "worker", "--http"]
    log = tenants.folder / "worker.log"
    stack.enter_context(serving(lambda port: [*argv, str(port)], tenants.env | more, log))
    pool = loop.run(open_pool(tenants.stores.database_url, size=2, application="bench"))
    stack.callback(pool.terminate)
    redis = open_redis(tenants.stores.redis_url)
    stack.callback(lambda: loop.run(redis.aclose()))
    deliveries = Deliveries(loop, pool, tenants, receiver, silent)
    inbox = Inbox(loop, pool, redis, tenants)
    return [
        Subject("deliveries", deliveries.quiet_ms, deliveries.load),
        Subject("inbox", inbox.quiet_ms, inbox.load),
    ]


class Receiver(http.server.ThreadingHTTPServer):
    """Takes the quiet tenant's results, and keeps when each came."""

    daemon_threads = True

    def __init__(self) -> None:
        self.came: queue.SimpleQueue[float] = queue.SimpleQueue()
        super().__init__(("127.0.0.1", 0), _Take)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_port}"


class _Take(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Receiver

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.server.came.put(time.perf_counter())
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def _receiving() -> Iterator[Receiver]:
    with Receiver() as receiver:
        thread = threading.Thread(target=receiver.serve_forever, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            receiver.shutdown()
            thread.join()


class Deliveries:
    """The worker posts results to the quiet tenant's receiver, while hosts of the loud one never answer."""

    def __init__(
        self, loop: asyncio.Runner, pool: asyncpg.Pool, tenants: Tenants, receiver: Receiver, silent: list[str]
    ) -> None:
        self._loop = loop
        self._pool = pool
        self._tenants = tenants
        self._receiver = receiver
        self._silent = silent

    def quiet_ms(self) -> float:
        """Give the median time from the end of a task to the arrival of its result."""
        return median_ms(self._delivered)

    def _delivered(self) -> float:
        claimed = self._loop.run(self._run(self._tenants.quiet, self._receiver.url))
        began = time.perf_counter()
        self._loop.run(finish(self._pool, claimed))
        try:
            return self._receiver.came.get(timeout=WAIT_SECONDS) - began
        except queue.Empty:
            raise BenchError(f"no result was delivered in {WAIT_SECONDS:g} s") from None

    @contextmanager
    def load(self) -> Iterator[None]:
        """Have results of the loud tenant under way to hosts that take connections and never answer."""
        with ExitStack() as stack:
            for url in self._silent:
                address = urlsplit(url)
                stack.enter_context(socket.create_server((str(address.hostname), int(address.port or 0)), backlog=128))
            self._loop.run(self._end_loud_tasks())
            time.sleep(LOAD_SECONDS)
            yield
            left = self._loop.run(self._give_up())
            if not left:
                raise BenchError("the loud tenant's results ended before the quiet one's were measured")

    async def _end_loud_tasks(self) -> None:
        for number in range(RESULTS):
            await finish(self._pool, await self._run(self._tenants.loud, self._silent[number % len(self._silent)]))

    async def _give_up(self) -> int:
        """Mark what is left of the loud tenant's results as failed, and give how many those are."""
        rows = await self._pool.fetch(
            "update ledger.outbox set failed_at = now() where tenant = $1 and delivered_at is null returning id",
            self._tenants.loud.name,
        )
        return len(rows)

    async def _run(self, tenant: Tenant, url: str) -> ClaimedTask:
        """Start a task whose result goes to an address."""
        origin, reply = (url,), ReplyTo(url=f"{url}/results")
        await submit(self._pool, tenant.name, reply_origins=origin, reply_to=reply)
        return await claim(self._pool, Turns())


class Inbox:
    """The worker takes in the quiet tenant's entries, while the loud one's stream holds cancels of unknown ids."""

    def __init__(self, loop: asyncio.Runner, pool: asyncpg.Pool, redis: Redis, tenants: Tenants) -> None:
        self._loop = loop
        self._pool = pool
        self._redis = redis
        self._tenants = tenants

    def quiet_ms(self) -> float:
        """Give the median time from the addition of an entry to the commit of its task's row."""
        return median_ms(lambda: self._loop.run(self._accepted()))

    async def _accepted(self) -> float:
        wanted = uuid7()
        committed: asyncio.Future[float] = asyncio.get_running_loop().create_future()

        def heard(_: object, __: int, ___: str, task: object) -> None:
            if task == str(wanted) and not committed.done():
                committed.set_result(time.perf_counter())

        entry: dict[Any, Any] = {"task": json.dumps({"id": str(wanted), "skill": SKILL.name, "input": "x"})}
        async with self._pool.acquire() as connection:
            await connection.add_listener("ledger_events", heard)
            try:
                began = time.perf_counter()
                await self._redis.xadd(self._tenants.quiet.stream, entry)
                async with asyncio.timeout(WAIT_SECONDS):
                    return await committed - began
            finally:
                await connection.remove_listener("ledger_events", heard)

    @contextmanager
    def load(self) -> Iterator[None]:
        """Have cancels of unknown ids in the loud tenant's stream; they last for some seconds."""
        self._loop.run(self._cancel_unknown())
        yield
        if not self._loop.run(self._unread()):
            raise BenchError("the loud tenant's cancels were read before the quiet one's entries were measured")

    async def _cancel_unknown(self) -> None:
        for _ in range(CANCELS // 500):
            async with self._redis.pipeline(transaction=False) as many:
                for _ in range(500):
                    many.xadd(self._tenants.loud.stream, {"cancel": str(uuid4())})
                await many.execute()

    async def _unread(self) -> int:
        """Give how many of them no drain was given yet, and drop the stream."""
        (group,) = await self._redis.xinfo_groups(self._tenants.loud.stream)
        await self._redis.delete(self._tenants.loud.stream)
        return int(group["lag"] or 0)
