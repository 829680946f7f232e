"""Circuits: what keeps failing is left alone, tried once, and taken up again; one caller closes nothing for others."""

from dataclasses import dataclass, field

import pytest
from api_kit.breaker import CIRCUITS, Breaker, BreakerConfig
from api_kit.errors import Refusal
from hypothesis import given
from hypothesis import strategies as st


@dataclass
class Bench:
    """A breaker whose clock stands still unless it is moved, and what it said."""

    clock: float = 1000.0
    opened: list[tuple[str, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make the breaker."""
        config = BreakerConfig(failures=3, window=60, seconds=5, longest=20)
        self.breaker = Breaker(
            config, now=lambda: self.clock, opened=lambda credential, own: self.opened.append((credential, own))
        )

    def ask(self, caller: str | None, *, fails: bool, outage: bool = False, credential: str = "c") -> float | None:
        """Send a request; give how long to wait where it was not sent."""
        try:
            permit = self.breaker.enter(credential, caller)
        except Refusal as refusal:
            return refusal.retry_after or 0.0
        if fails:
            permit.failed(outage=outage)
        else:
            permit.succeeded()
        permit.leave()
        return None


@pytest.fixture
def bench() -> Bench:
    """A breaker that opens after three failures."""
    return Bench()


def test_a_callers_failures_close_the_vendor_for_itself_only(bench: Bench) -> None:
    """However often one caller's own requests fail, others and other credentials go on."""
    for _ in range(3):
        assert bench.ask("a", fails=True) is None
    for _ in range(50):
        assert bench.ask("a", fails=True) == 5
    assert bench.opened == [("c", True)]
    assert bench.ask("b", fails=False) is None
    assert bench.ask("a", fails=False, credential="d") is None


def test_failures_of_several_callers_close_it_for_all(bench: Bench) -> None:
    """Three failures in a row of two callers are the vendor's doing; one success in between and they are no row."""
    assert [bench.ask(caller, fails=True) for caller in ("a", "b")] == [None, None]
    assert bench.ask("c", fails=False) is None
    assert [bench.ask(caller, fails=True) for caller in ("d", "b", "d")] == [None, None, None]
    assert bench.ask("c", fails=False) == 5
    assert bench.ask(None, fails=False) == 5
    assert bench.ask("c", fails=False, credential="d") is None
    assert bench.opened == [("c", False)]


@pytest.mark.parametrize("caller", ["a", None])
def test_an_outage_is_nobodys_doing(bench: Bench, caller: str | None) -> None:
    """No connection three times in a row closes the vendor for all, whoever met it."""
    for _ in range(3):
        assert bench.ask(caller, fails=True, outage=True) is None
    assert bench.ask("b", fails=False) == 5


def test_failures_of_nobody_in_particular_close_nothing(bench: Bench) -> None:
    """Without a caller only an outage counts."""
    for _ in range(10):
        assert bench.ask(None, fails=True) is None


def test_old_failures_are_no_row(bench: Bench) -> None:
    """Failures more than a minute apart never add up."""
    for _ in range(10):
        assert bench.ask("a", fails=True) is None
        bench.clock += 61


def test_one_trial_decides(bench: Bench) -> None:
    """After the time one request passes and the others wait; it closes the circuit, or opens it for twice as long."""
    for _ in range(3):
        bench.ask("a", fails=True)
    lengths = []
    for _ in range(4):
        wait = bench.ask("a", fails=True)
        assert wait is not None
        lengths.append(wait)
        bench.clock += wait
        trial = bench.breaker.enter("c", "a")
        assert bench.ask("a", fails=False) == 1, "a second request passed beside the trial"
        trial.failed()
    assert lengths == [5, 10, 20, 20]
    bench.clock += 20
    assert bench.ask("a", fails=False) is None
    for _ in range(2):
        assert bench.ask("a", fails=True) is None
    assert bench.ask("a", fails=False) is None


def test_a_trial_that_sent_nothing_is_given_back(bench: Bench) -> None:
    """A trial that was broken off leaves its place to the next."""
    for _ in range(3):
        bench.ask("a", fails=True)
    bench.clock += 5
    bench.breaker.enter("c", "a").leave()
    assert bench.ask("a", fails=False) is None


def test_a_late_failure_does_not_prolong(bench: Bench) -> None:
    """Requests that were under way when the circuit opened change nothing when they fail too."""
    late = [bench.breaker.enter("c", "a") for _ in range(10)]
    for permit in late:
        permit.failed()
    assert bench.ask("a", fails=True) == 5


def test_circuits_are_bounded(bench: Bench) -> None:
    """Ever new callers that fail do not fill the memory."""
    for number in range(CIRCUITS + 500):
        bench.ask(f"caller {number}", fails=True, credential=f"c{number % 3}")
        bench.ask("good", fails=False, credential=f"c{number % 3}")
    assert len(bench.breaker._circuits) <= CIRCUITS


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.floats(0, 30)), max_size=120))
def test_a_vendor_that_recovers_is_always_taken_up_again(steps: list[tuple[str, bool, float]]) -> None:
    """Whatever happened, once all waits are over every caller's request passes, and stays passing while it is well."""
    bench = Bench()
    for caller, fails, seconds in steps:
        wait = bench.ask(caller, fails=fails)
        assert wait is None or 0 < wait <= 20
        bench.clock += seconds
    bench.clock += 21
    for caller in "abcabc":
        assert bench.ask(caller, fails=False) is None
