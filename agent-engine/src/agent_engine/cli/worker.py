"""`agent-engine worker`: the process that takes tasks."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Annotated, Any

import typer
from agent_ledger import Replies
from service_kit.log import configure
from service_kit.serve import check_bind, serve
from service_kit.settings import environment, unset_env

from agent_engine.cli.console import DONE, command
from agent_engine.hardening import harden
from agent_engine.health import SERVICE, health_app
from agent_engine.settings import SECRETS, WorkerSettings, load_addressed
from agent_engine.worker import Worker
from agent_engine.worker_context import WorkerContext, open_context

REPLAYED_SECONDS = 5.0
"""uvicorn raises a signal again when it has stopped. A signal within this time is not a second one of the operator."""

SERVE_ENDS_SECONDS = 4.0


@command
async def worker(
    http: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Port or host:port of /health, /ready, /metrics; 'off'.")
    ] = None,
    slots: Annotated[int | None, typer.Option(min=1, metavar="COUNT", help="Runs side by side.")] = None,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="The worker's name, its own among all.")] = None,
    pools: Annotated[str | None, typer.Option(metavar="NAMES", help="The pools it serves, by comma.")] = None,
    mcp_transport: Annotated[str | None, typer.Option(metavar="KIND", help="sse or http.")] = None,
) -> int:
    """Drain the inbox, run tasks and deliver results, until SIGTERM. Everything else comes from the environment."""
    given = {
        "WORKER_HTTP": http,
        "WORKER_SLOTS": slots,
        "WORKER_NAME": name,
        "WORKER_POOLS": pools,
        "MCP_TRANSPORT": mcp_transport,
    }
    environ = environment() | {key: str(value) for key, value in given.items() if value is not None}
    settings = load_addressed(WorkerSettings, environ)
    configure(SERVICE, settings.log_level)
    unset_env(*SECRETS)
    harden()
    replies = Replies({origin: secret.get_secret_value() for origin, secret in settings.reply_destinations.items()})
    address = settings.listen()
    if address is not None:
        check_bind(
            address[0],
            authenticated=False,
            allow_public=settings.allow_unauthenticated,
            setting="WORKER_HTTP",
        )
    stop, hurry = stop_signals()
    async with open_context(settings) as context:
        engine = Worker(context, replies, database_url=settings.database_url.get_secret_value())
        try:
            await _beside(engine.serve(stop, hurry), serve_health(context, address) if address else stop.wait())
        finally:
            await replies.aclose()
    return DONE


async def _beside(working: Coroutine[Any, Any, None], serving: Coroutine[Any, Any, object]) -> None:
    """Run the worker and its HTTP server until the worker ends. If the server fails, this fails with its error."""
    work_task, serve_task = asyncio.create_task(working), asyncio.create_task(serving)
    try:
        await asyncio.wait({work_task, serve_task}, return_when=asyncio.FIRST_COMPLETED)
        if serve_task.done():
            serve_task.result()
        await work_task
        await asyncio.wait({serve_task}, timeout=SERVE_ENDS_SECONDS)  # the signal stops the HTTP server too
    finally:
        for task in (work_task, serve_task):
            task.cancel()
        await asyncio.gather(work_task, serve_task, return_exceptions=True)


async def serve_health(context: WorkerContext, address: tuple[str, int]) -> None:
    """Serve the worker's own HTTP until a signal. Raises ConfigError where the address cannot be bound."""
    await serve(health_app(context), host=address[0], port=address[1], settings="WORKER_HTTP or --http")


def stop_signals() -> tuple[asyncio.Event, asyncio.Event]:
    """Set the first event at the first SIGTERM or SIGINT, and the second at one that comes later."""
    stop, hurry = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    first = 0.0

    def on_signal() -> None:
        nonlocal first
        if not stop.is_set():
            first = loop.time()
            stop.set()
        elif loop.time() - first > REPLAYED_SECONDS:
            hurry.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)
    return stop, hurry
