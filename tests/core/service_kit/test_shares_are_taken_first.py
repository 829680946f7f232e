"""What a caller sends is counted in its share and its tenant's, body and values too, before it is kept or parsed."""

from typing import ClassVar

import pytest
from service_kit.body import read_body, work_on
from service_kit.json_text import read_json
from service_kit.rate_limit import Rate, RateLimiter
from service_kit.refusal import Reason, Refusal
from service_kit.request_shares import UNIT_BYTES, UNIT_TEXT, UNIT_VALUES, RequestShare, counted_by, take_text
from starlette.types import Message


class SampleRefusal(Refusal):
    """The refusal of a made-up service."""

    reasons: ClassVar = {"rate": Reason(429), "body_too_large": Reason(413), "body_timeout": Reason(408)}
    reason_header = "x-sample-error"


def share(limiter: RateLimiter, caller: str, tenant: str = "acme") -> RequestShare:
    """Make the share of a caller: ten units, of twelve for its tenant, and nearly none after that."""
    parts = (f"caller {caller}", caller, Rate(0.01, 10)), (f"tenant {tenant}", f"tenant:{tenant}", Rate(0.01, 12))
    return RequestShare(limiter, parts, SampleRefusal)


def test_a_share_that_is_used_up_names_whose_it_is_and_when_to_come_back() -> None:
    """A caller uses up its own share, then its tenant's; a caller of another tenant has both."""
    limiter = RateLimiter(lambda: 1.0)
    for _ in range(10):
        share(limiter, "one").take()
    with pytest.raises(SampleRefusal, match=r"caller one sent more than its share of 0\.01 requests a second") as own:
        share(limiter, "one").take()
    assert own.value.reason == "rate"
    assert own.value.headers()[1] == (b"retry-after", b"100")
    share(limiter, "two").take(2)
    with pytest.raises(SampleRefusal, match=r"tenant acme .*try again in 100 s"):
        share(limiter, "three").take()
    share(limiter, "four", "globex").take(10)


async def test_a_body_is_counted_as_it_comes() -> None:
    """A body in parts without a length takes units as it grows, and the part that is too much is not kept."""
    limiter, came = RateLimiter(lambda: 1.0), 0

    async def receive() -> Message:
        nonlocal came
        came += 1
        return {"type": "http.request", "body": b"x" * (UNIT_BYTES // 2), "more_body": True}

    share(limiter, "one").take(6)
    with counted_by(share(limiter, "one")), pytest.raises(SampleRefusal, match="caller one"):
        await read_body(receive, limit=1_000 * UNIT_BYTES, seconds=5, refuse=SampleRefusal)
    assert came == 10


async def test_values_are_counted_before_they_are_parsed_in_a_thread_too() -> None:
    """A document of many values is refused though it is no JSON at its end: it was not parsed."""
    raw = b"[" + b"[]," * (6 * UNIT_VALUES) + b"no JSON"
    limiter = RateLimiter(lambda: 1.0)
    with counted_by(share(limiter, "one")), pytest.raises(ValueError, match="Expecting"):
        await work_on(raw, lambda: read_json(raw))
    with counted_by(share(limiter, "one")), pytest.raises(SampleRefusal, match="caller one"):
        await work_on(raw, lambda: read_json(raw))


def test_text_that_is_filtered_counts_by_its_length() -> None:
    """A long text takes several units before it is filtered; a short one takes none."""
    limiter = RateLimiter(lambda: 1.0)
    with counted_by(share(limiter, "one")):
        take_text(1_000)
        take_text(10 * UNIT_TEXT)
    with counted_by(share(limiter, "one")), pytest.raises(SampleRefusal, match="caller one"):
        take_text(UNIT_TEXT)


def test_a_request_passes_by_a_whole_share_however_large_it_is() -> None:
    """Beside the unit of the request itself its bytes, values and text take at most what is there at once."""
    limiter = RateLimiter(lambda: 1.0)
    one = share(limiter, "one")
    one.take()
    with counted_by(one):
        take_text(100 * UNIT_TEXT)
        read_json(b"[" + b"1," * (30 * UNIT_VALUES) + b"1]")
    with pytest.raises(SampleRefusal, match="caller one"):
        share(limiter, "one").take()


def test_what_is_read_outside_of_a_request_is_nobodys() -> None:
    """Without a present share nothing is counted, and a share is left with its request."""
    limiter = RateLimiter(lambda: 1.0)
    raw = b"[" + b"1," * (4 * UNIT_VALUES) + b"1]"
    with counted_by(share(limiter, "one")):
        read_json(raw)
        read_json(raw)
    for _ in range(10):
        read_json(raw)
    share(limiter, "one").take(2)
