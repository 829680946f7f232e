"""Background loops: a loop that fails is started again, counted, and reported until it works."""

import asyncio

import pytest
from prometheus_client import CollectorRegistry
from service_kit import supervised
from service_kit.supervised import BackgroundLoops, Loop


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start again without a noticeable wait."""
    monkeypatch.setattr(supervised, "FIRST_WAIT_SECONDS", 0.001)


async def until(found: asyncio.Event) -> None:
    """Wait for an event of a loop."""
    async with asyncio.timeout(5):
        await found.wait()


async def test_a_round_that_fails_is_tried_again_counted_and_told() -> None:
    """A fault is reported while rounds fail, and forgotten with the first that succeeds."""
    registry, well, rounds = CollectorRegistry(), asyncio.Event(), []

    async def work() -> None:
        rounds.append(loops.faults()["sweep"]())
        if len(rounds) < 3:
            raise ValueError("no disk")
        if len(rounds) == 4:
            well.set()

    loops = BackgroundLoops([Loop("sweep", work, every=0.001, expected=(ValueError,))], registry)
    async with loops.running():
        await until(well)
    told = [f"failed {times} times in a row: `background_failed` in the log says why" for times in (1, 2)]
    assert rounds[:4] == [None, *told, None]
    assert registry.get_sample_value("background_failures_total", {"loop": "sweep"}) == 2
    assert registry.get_sample_value("background_up", {"loop": "sweep"}) == 1


async def test_work_without_an_end_that_returns_has_failed() -> None:
    """A listener that ends by itself is started again, and its loop is not well."""
    registry, again, starts = CollectorRegistry(), asyncio.Event(), []

    async def listen() -> None:
        starts.append(1)
        if len(starts) == 2:
            again.set()
            await asyncio.Event().wait()

    loops = BackgroundLoops([Loop("listen", listen)], registry)
    async with loops.running():
        await until(again)
        assert loops.faults()["listen"]() is not None
        assert registry.get_sample_value("background_up", {"loop": "listen"}) == 0


async def test_work_without_an_end_is_well_after_a_while() -> None:
    """Where no round ever succeeds, having run for the longest wait is success."""
    again, starts = asyncio.Event(), []

    async def listen() -> None:
        starts.append(1)
        if len(starts) == 1:
            raise ValueError("lost")
        again.set()
        await asyncio.Event().wait()

    loops = BackgroundLoops([Loop("listen", listen, longest=0.05)], CollectorRegistry())
    async with loops.running():
        await until(again)
        assert loops.faults()["listen"]() is not None
        await asyncio.sleep(0.06)
        assert loops.faults()["listen"]() is None


def test_waits_double_up_to_the_longest() -> None:
    """One failure waits one unit, each further one twice as long, and none longer than the longest."""

    async def work() -> None: ...

    waits = [Loop("sweep", work, longest=0.005, failures=failures).wait() for failures in range(1, 5)]
    assert waits == [0.001, 0.002, 0.004, 0.005]
