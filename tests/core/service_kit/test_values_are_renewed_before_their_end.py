"""A value that ends by itself is renewed before, by one at a time, and an early failure costs nobody anything."""

import asyncio
from dataclasses import dataclass, field

import pytest
from service_kit.errors import UpstreamError
from service_kit.renewal import Renewal, Renewed


@dataclass
class Mint:
    """Makes tokens of an hour, or fails; `now` is the time, `made` how many it made."""

    now: float = 0.0
    seconds: float = 3600.0
    fails: bool = False
    asked: int = 0
    wait: asyncio.Event | None = None
    renewal: Renewal[str] = field(init=False)

    def __post_init__(self) -> None:
        self.renewal = Renewal("token", clock=lambda: self.now)

    async def renew(self) -> Renewed[str]:
        """Make a token."""
        self.asked += 1
        number = self.asked
        if self.wait is not None:
            await self.wait.wait()
        if self.fails:
            raise UpstreamError("no")
        return Renewed(f"token {number}", self.seconds)

    async def current(self, now: float | None = None) -> str:
        """Return the token at a time."""
        self.now = self.now if now is None else now
        return await self.renewal.current(self.renew)


async def test_a_value_serves_until_five_minutes_before_its_end() -> None:
    """It is asked for once, and again in its last five minutes; one of a minute in the last half of it."""
    mint = Mint()
    assert [await mint.current(at) for at in (0, 3299, 3301)] == ["token 1", "token 1", "token 2"]
    mint = Mint(seconds=60)
    assert [await mint.current(at) for at in (0, 29, 31)] == ["token 1", "token 1", "token 2"]


async def test_a_failed_early_renewal_keeps_the_old_value() -> None:
    """While it lives it is used, and asked for anew each half minute; once it has ended, the failure is raised."""
    mint = Mint()
    assert await mint.current() == "token 1"
    mint.fails = True
    assert [await mint.current(at) for at in (3301, 3310, 3332, 3594)] == ["token 1"] * 4
    assert mint.asked == 4
    for at in (3596, 3700):
        with pytest.raises(UpstreamError):
            await mint.current(at)
    mint.fails = False
    assert await mint.current(3701) == "token 7"


async def test_one_renewal_is_under_way_at_a_time() -> None:
    """Who finds one under way uses the present value, or waits for it where there is none."""
    mint = Mint(wait=asyncio.Event())
    assert mint.wait is not None
    first = [asyncio.create_task(mint.current()) for _ in range(5)]
    await asyncio.sleep(0)
    mint.wait.set()
    assert await asyncio.gather(*first) == ["token 1"] * 5
    mint.wait = asyncio.Event()
    renewing = asyncio.create_task(mint.current(3400))
    await asyncio.sleep(0)
    assert [await mint.current() for _ in range(3)] == ["token 1"] * 3
    mint.wait.set()
    assert await renewing == "token 2"
    assert mint.asked == 2


async def test_a_cancelled_renewal_hinders_no_other() -> None:
    """Whoever asks next renews it."""
    mint = Mint(wait=asyncio.Event())
    assert mint.wait is not None
    gone = asyncio.create_task(mint.current())
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    mint.wait.set()
    assert await mint.current() == "token 2"


async def test_a_refused_value_is_dropped_once() -> None:
    """It is asked for anew; a value that was renewed meanwhile stays."""
    mint = Mint()
    first = await mint.current()
    mint.renewal.drop(first)
    second = await mint.current()
    mint.renewal.drop(first)
    assert (second, await mint.current()) == ("token 2", "token 2")
