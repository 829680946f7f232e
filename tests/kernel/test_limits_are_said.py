"""What bounds a run is said before it starts, and a run that ends by a limit is told which."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import agent_ledger
import pytest
from agent_contracts.event import Started
from agent_contracts.event import Warning as WarningEvent
from agent_engine.cli.tasks import confined_by
from agent_engine.confinement.limits import Bounds
from agent_engine.confinement.probe import probe
from agent_engine.doctor import DoctorSettings, examine
from agent_engine.metrics import Metrics
from agent_engine.render import task_view
from agent_engine.settings import RunLimits, load_addressed
from agent_engine.spec import RunSpec
from agent_engine.worker import Worker
from agent_ledger import Replies
from core.agent_engine.script import Script, answer, init, speak
from core.agent_engine.worker_place import Place
from rich.console import Console, RenderableType
from service_kit.errors import ConfigError
from service_kit.settings import load

SMALL = Bounds(memory_mb=256, processes=64)


@asynccontextmanager
async def working(place: Place, lines: Callable[[RunSpec], list[str]], **change: object) -> AsyncIterator[Metrics]:
    """Have a worker of one attempt work on a script, and give what it counts."""
    context = place.context(Script(lines), **change)
    stop = asyncio.Event()
    task = asyncio.create_task(Worker(context, Replies({}), database_url=place.database_url).serve(stop))
    try:
        while not await agent_ledger.list_skills(place.pool):
            await asyncio.sleep(0.01)
        yield context.metrics
    finally:
        stop.set()
        await task


def counted(metrics: Metrics, name: str, **labels: str) -> float:
    """Give what was counted."""
    return metrics.registry.get_sample_value(name, labels) or 0.0


async def bounded(place: Place, *, cgroups: bool, which: str = "bubblewrap") -> Place:
    """Give the place a confinement of small bounds; skip where cgroups are asked for and missing."""
    given: dict[str, Any] = {} if cgroups else {"cgroups": None}
    found = await probe(bounds=SMALL, candidates=[] if which == "reduced" else None, **given)
    if cgroups and not found.confinement.limits.kind.startswith("cgroup"):
        pytest.skip(f"needs memory and pids cgroups that may be written: {found.confinement.limits.why}")
    return replace(place, confinement=found.confinement)


def shown(view: RenderableType) -> str:
    """Give what a terminal would show."""
    with (console := Console(width=200)).capture() as capture:
        console.print(view)
    return capture.get()


async def said(place: Place, task: UUID) -> list[str]:
    """Give a task's warnings."""
    return [event.body.message for event in await place.events(task) if isinstance(event.body, WarningEvent)]


@pytest.mark.slow
async def test_a_cli_that_takes_too_much_memory_is_told_so(place: Place) -> None:
    """The CLI itself was killed: the attempt crashed, and the reason names the limit with its variable."""
    small = await bounded(place, cgroups=True)
    kind = small.confinement.limits.kind
    hog = ["mkfifo $HOME/pipe", "head -c 600000000 /dev/zero >$HOME/pipe &", "exec tail -c 600000000 $HOME/pipe"]
    async with working(small, lambda spec: [init(spec), *hog]) as metrics:
        task = await place.submit("plain", retry={"max_attempts": 1})
        result = await place.result(task)
        name = small.confinement.name
        assert counted(metrics, "agent_engine_runs_total", confinement=name, limits=kind) == 1
        assert counted(metrics, "agent_engine_limits_reached_total", limits=kind) == 1

    assert (result.status, result.reason) == ("failed", "crashed")
    assert result.message.startswith("limit on memory: 1 of its processes killed at RUN_MEMORY_MB=256; ")
    (started,) = [event.body for event in await place.events(task) if isinstance(event.body, Started)]
    assert started.confinement == f"{small.confinement.name}; 256 MB and 64 processes by {kind}"
    assert "RUN_MEMORY_MB=256" in (await said(place, task))[0]
    view = await agent_ledger.get_task(place.pool, task)
    assert view is not None
    assert await confined_by(place.pool, view) == started.confinement
    assert started.confinement in shown(task_view(view, started.confinement))


@pytest.mark.slow
async def test_a_tool_that_takes_too_much_ends_alone(place: Place) -> None:
    """What the CLI started was killed and the CLI came to its answer: it succeeds, with a warning."""
    small = await bounded(place, cgroups=True)
    hog = "head -c 600000000 /dev/zero | tail -c 600000000 >/dev/null"
    async with working(small, lambda spec: [init(spec), hog, answer()]):
        task = await place.submit("plain")
        result = await place.result(task)
    assert result.status == "succeeded", result.message
    assert await said(place, task) == ["limit on memory: 1 of its processes killed at RUN_MEMORY_MB=256"]


@pytest.mark.parametrize("which", ["bubblewrap", "reduced"])
async def test_without_cgroups_the_run_says_what_holds(place: Place, which: str) -> None:
    """The started event and the count name the lesser means, in full and in reduced confinement."""
    small = await bounded(place, cgroups=False, which=which)
    async with working(small, lambda spec: [init(spec), answer()]) as metrics:
        task = await place.submit("plain")
        result = await place.result(task)
        assert counted(metrics, "agent_engine_runs_total", confinement=small.confinement.name, limits="rlimit") == 1
    assert result.status == "succeeded", result.message
    (started,) = [event.body for event in await place.events(task) if isinstance(event.body, Started)]
    assert started.confinement.startswith(which)
    assert started.confinement.endswith("; 256 MB for each process and 64 processes by rlimit")


@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 5000])
async def test_an_output_flood_is_ended(place: Place, size: int) -> None:
    """A CLI that says more than RUN_OUTPUT_MB, also in small words, is stopped for good, and little of it is kept."""
    flood = f"while :; do {speak('x' * size)}; done"
    async with working(place, lambda spec: [init(spec), flood], RUN_OUTPUT_MB=1) as metrics:
        task = await place.submit("plain")
        result = await place.result(task)
        kind = place.confinement.limits.kind
        assert counted(metrics, "agent_engine_limits_reached_total", limits=kind) == 1
    assert (result.status, result.reason) == ("failed", "budget")
    assert "RUN_OUTPUT_MB=1" in result.message
    assert result.attempts == 1
    assert await place.pool.fetchval("select count(*) from ledger.events") <= 1024 + 10
    assert await place.pool.fetchval("select sum(length(body::text)) from ledger.events") < 2 << 20


async def test_the_doctor_says_what_bounds_runs(tmp_path: Path) -> None:
    """The doctor names the means, and why it is not a better one."""
    environ = {"CONTROL_URL": "http://127.0.0.1:9", "MODEL_API_URL": "http://127.0.0.1:9", "RUN_PROCESSES": "99"}
    environ |= {"GITHUB_MCP_URL": "http://127.0.0.1:9", "RUN_CGROUPS": str(tmp_path)}
    found = {finding.name: finding for finding in await examine(load_addressed(DoctorSettings, environ))}["limits"]
    assert found.detail.startswith("2048 MB for each process and 99 processes by rlimit (no cgroup can be made: ")
    assert found.state == "ok"


def test_memory_holds_what_a_run_writes() -> None:
    """A run's folders lie in its memory: too little of it for its disk is refused, with both values."""
    assert load(RunLimits, {}).bounds().disk_bytes == 512 << 20
    assert load(RunLimits, {"RUN_CGROUPS": "off"}).cgroups() is None
    with pytest.raises(ConfigError, match="RUN_MEMORY_MB=512 is less than twice RUN_DISK_MB=300"):
        load(RunLimits, {"RUN_MEMORY_MB": "512", "RUN_DISK_MB": "300"})
