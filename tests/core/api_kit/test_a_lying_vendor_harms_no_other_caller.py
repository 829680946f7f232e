"""A vendor that slows, fails or lies to one caller: another on another resource or credential gets its answers."""

import asyncio
from collections.abc import AsyncIterator, Mapping

import pytest
from api_kit import Credential, Refusal
from api_kit.breaker import BreakerConfig
from api_kit.errors import UNSENT
from api_kit.reply import links
from api_kit.routes import Call
from api_kit.upstream import Upstream
from core.api_kit.liar import LIES, TABLE, Liar, lying, upstream_of
from fixtures.cpu import least_seconds
from service_kit.http import Reply

ONE, TWO = Credential("one", {}), Credential("two", {})


@pytest.fixture
async def liar() -> AsyncIterator[Liar]:
    """A vendor that lies."""
    async with lying() as served:
        yield served


def call(word: str, project: str = "ops", query: Mapping[str, str] | None = None) -> Call:
    """Make a checked call."""
    route, path = TABLE.match("GET", f"/{word}/{project}".encode())
    return Call(route, path, query or {}, conditions={})


async def ask(upstream: Upstream, caller: str, word: str, credential: Credential = ONE, project: str = "ops") -> Reply:
    """Send a call in a caller's turn."""
    async with upstream.session(credential, tenant="x", caller=caller) as turn:
        return (await turn.send(call(word, project))).reply


async def reason(upstream: Upstream, caller: str, word: str) -> str:
    """Send a call that fails, and say how: our reason, or the vendor's status."""
    try:
        return str((await ask(upstream, caller, word)).status)
    except Refusal as refusal:
        return refusal.reason


@pytest.mark.parametrize(
    ("lie", "expected"),
    [
        ("slow", "upstream_timeout"),
        ("drip", "upstream_timeout"),
        ("html", "upstream_broken"),
        ("error", "200"),
        ("half", "upstream_broken"),
        ("huge", "reply_too_large"),
        ("bomb", "upstream_broken"),
        ("storm", "502"),
        ("headers", "upstream_broken"),
        ("mute", "upstream_broken"),
        ("unheard", "upstream_broken"),
    ],
)
async def test_each_lie_has_its_reason(liar: Liar, lie: str, expected: str) -> None:
    """No lie is taken for a reply, none is read past its bound, and none costs more than the time of a turn."""
    async with upstream_of(liar, seconds=0.3) as upstream:
        assert await reason(upstream, "a", lie) == expected
        assert liar.sent < 20_000_000, "no more than the bound and the buffers in between went out"
        assert (await ask(upstream, "a", "good")).status == 200


@pytest.mark.parametrize("piece", [" ", "<", "<>", ", <", "<a>;"])
async def test_links_are_read_in_a_time_that_grows_with_them_alone(liar: Liar, piece: str) -> None:
    """A Link of eight times the length takes nowhere near the square of that, during which nobody would be served."""
    async with upstream_of(liar) as upstream:

        def seconds(length: int) -> float:
            text = "a" + piece * (length // len(piece)) + "b"
            return least_seconds(lambda: links(text, "http://gate/good/ops", upstream))

        assert seconds(40_000) < 30 * max(seconds(5_000), 0.0005)


async def test_what_began_before_a_sleep_is_not_sent_after_it(liar: Liar) -> None:
    """A machine that slept through the time of a turn sends nothing of it, as somebody else may have, and says so."""
    clock = [1000.0]
    async with upstream_of(liar, seconds=20, now=lambda: clock[0]) as upstream, upstream.session(ONE) as turn:
        assert (await turn.send(call("good"))).reply.status == 200
        clock[0] += 20
        with pytest.raises(Refusal, match="was over before this was sent") as late:
            await turn.send(call("good"))
    assert late.value.reason in UNSENT
    assert liar.asked["/good/ops"] == 1


@pytest.mark.parametrize("lie", ["slow", "drip"])
async def test_what_hangs_holds_up_nobody_else(liar: Liar, lie: str) -> None:
    """While all of one caller's requests hang, those of others pass, on its credential and on another."""
    async with upstream_of(liar) as upstream:
        hanging = [asyncio.create_task(ask(upstream, "greedy", lie)) for _ in range(30)]
        while liar.under_way < 8:
            await asyncio.sleep(0.01)
        for caller, credential in [("modest", ONE), ("other", TWO)] * 20:
            assert (await ask(upstream, caller, "good", credential)).status == 200
        assert liar.under_way == 8, "a caller has no more than its places"
        for task in hanging:
            task.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)


async def test_many_callers_that_hang_leave_other_tenants_their_places(liar: Liar) -> None:
    """When a tenant's every place hangs, another tenant's requests pass on the same credential."""
    async with upstream_of(liar) as upstream:
        hanging = [asyncio.create_task(ask(upstream, f"caller {number % 20}", "slow")) for number in range(120)]
        while liar.under_way < 50:
            await asyncio.sleep(0.01)
        async with upstream.session(ONE, tenant="y", caller="modest") as turn:
            assert (await turn.send(call("good"))).reply.status == 200
        assert liar.most <= 51
        for task in hanging:
            task.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)


@pytest.mark.slow
@pytest.mark.parametrize("lie", [lie for lie in LIES if lie not in ("slow", "drip")])
async def test_what_fails_fast_harms_nobody_else(liar: Liar, lie: str) -> None:
    """Lies to one caller without end, with no circuit to stop them: another's requests pass, in their turn.

    Measured by order: between two answers of the other caller the vendor tells no more than a few rounds of lies.
    """
    async with upstream_of(liar, breaker=BreakerConfig(failures=1_000_000)) as upstream:
        over = False

        async def flood() -> None:
            while not over:
                await reason(upstream, "greedy", lie)

        flooding = [asyncio.create_task(flood()) for _ in range(8)]
        told = liar.asked
        while told[f"/{lie}/ops"] < 8:
            await asyncio.sleep(0.001)
        began, most = told[f"/{lie}/ops"], 0
        for _ in range(20):
            before = told[f"/{lie}/ops"]
            assert (await ask(upstream, "modest", "good")).status == 200
            most = max(most, told[f"/{lie}/ops"] - before)
        over = True
        await asyncio.gather(*flooding)
        assert most <= 5 * 8
        assert told[f"/{lie}/ops"] > began, "the lies went on"
        assert (await ask(upstream, "other", "good", TWO)).status == 200


async def test_a_storm_is_not_prolonged(liar: Liar) -> None:
    """After five failures in a row the caller's requests stay here; others go out; it comes back after the trial."""
    async with upstream_of(liar) as upstream:
        reasons = [await reason(upstream, "a", "storm") for _ in range(20)]
        assert reasons == ["502"] * 5 + ["upstream_open"] * 15
        assert liar.asked["/storm/ops"] == 5
        assert (await ask(upstream, "b", "good")).status == 200
        with pytest.raises(Refusal, match="left alone") as caught:
            await ask(upstream, "a", "good")
        assert caught.value.retry_after is not None
        assert 0 < caught.value.retry_after <= 5


async def test_a_vendor_that_is_down_is_left_alone_and_taken_up_again(liar: Liar) -> None:
    """Failures of several callers close the credential for all; another credential and a later trial are not harmed."""
    async with upstream_of(liar) as upstream:
        upstream._breaker._now = lambda: clock[0]
        clock = [0.0]
        reasons = [await reason(upstream, f"caller {number}", "storm") for number in range(10)]
        assert reasons == ["502"] * 5 + ["upstream_open"] * 5
        assert (await ask(upstream, "a", "good", TWO)).status == 200
        clock[0], liar.ill = 5.1, False
        assert [await reason(upstream, f"caller {number}", "storm") for number in range(10)] == ["200"] * 10


async def test_nobody_there_is_an_outage(liar: Liar) -> None:
    """A vendor that cannot be reached is not asked by every caller anew."""
    async with upstream_of(Liar(url="http://127.0.0.1:1")) as upstream:
        for _ in range(5):
            with pytest.raises(Refusal, match="cannot be reached"):
                await ask(upstream, "a", "good")
        with pytest.raises(Refusal, match="left alone"):
            await ask(upstream, "b", "good")
        assert await reason(upstream, "c", "good") == "upstream_open"
    async with upstream_of(liar) as upstream:
        assert (await ask(upstream, "a", "good")).status == 200


async def test_a_turns_requests_share_one_time(liar: Liar) -> None:
    """A turn of several requests takes no longer than one."""
    async with upstream_of(liar, seconds=1.0) as upstream:
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with upstream.session(ONE, tenant="x", caller="a") as turn:
            await asyncio.sleep(0.5)
            assert await turn.fetch("/good/ops") == {"project": "ops"}
            with pytest.raises(Refusal, match="in time"):
                await turn.send(call("slow"))
        assert loop.time() - began < 1.9
