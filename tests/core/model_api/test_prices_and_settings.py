"""Every served model has a price, the credential is one of two, and each error names the variable and the remedy."""

import json
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import asyncpg
import pytest
from core.model_api.house import MODEL, environment
from hypothesis import given
from hypothesis import strategies as st
from model_api.app import build
from model_api.dialects.messages import MessagesDialect
from model_api.dialects.messages.checking import check
from model_api.dialects.messages.input_bound import input_bound
from model_api.dialects.messages.schema import CountRequest
from model_api.dialects.messages.usage import StreamMeter, WholeMeter, updated
from model_api.prices import Price, Prices, read_prices
from model_api.settings import ModelSettings
from model_api.tokens import Tokens
from service_kit.errors import ConfigError
from service_kit.keys import write_keys
from service_kit.settings import load
from stand_ins.model.reply import Reply, sse
from starlette.datastructures import Headers

LIST_PRICE = MessagesDialect().price
OWN = {MODEL: Price(input=Decimal(3), output=Decimal(15))}
NOWHERE = "postgresql://nobody@127.0.0.1:9/nothing"


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"MODELS": "sonnet"}, "MODELS: 'sonnet' has no known price"),
        ({"MODELS": f"{MODEL},claude-of-mine"}, "MODEL_PRICES, as in"),
        ({"MODEL_PRICES": "{"}, "MODEL_PRICES is not usable"),
        ({"MODEL_PRICES": '{"x": {"input": -1, "output": 1}}'}, "x.input"),
        ({"MODEL_PRICES": '{"x": {"input": 1}}'}, "x.output"),
        ({"MODEL_UPSTREAM_AUTH_TOKEN": "t"}, "exactly one of MODEL_UPSTREAM_KEY"),
        ({"MODEL_UPSTREAM_KEY": ""}, "neither is set"),
        ({"AGENT_JWKS_FILE": "/nonexistent/jwks.json"}, "/nonexistent/jwks.json"),
        ({"AGENT_JWKS_FILE": ""}, "AGENT_JWKS_FILE is not set"),
        ({"ACCESS_FILE": "/nonexistent/access.yaml"}, "ACCESS_FILE=/nonexistent/access.yaml does not exist"),
        ({"DATABASE_URL": ""}, "DATABASE_URL is not set"),
        ({"PORT": "x"}, "PORT"),
    ],
)
async def test_a_wrong_environment_stops_the_start(tmp_path: Path, changed: dict[str, str], named: str) -> None:
    """Nothing starts half: what is missing or wrong is said by its variable."""
    write_keys(tmp_path / "signing.json", tmp_path / "jwks.json")
    environ = environment(tmp_path, NOWHERE, "http://127.0.0.1:9") | changed
    with pytest.raises(ConfigError) as caught:
        build(load(ModelSettings, environ), pool=asyncpg.create_pool(NOWHERE))
    assert named in str(caught.value)
    assert "sk-ant" not in str(caught.value)


def test_the_token_is_sent_as_bearer_the_key_as_x_api_key() -> None:
    """Each kind of credential has its own header."""
    common = environment(Path(), "postgresql://x", "http://127.0.0.1:9")
    by_key = load(ModelSettings, common | {"MODEL_UPSTREAM_KEY": "k"})
    by_token = load(ModelSettings, common | {"MODEL_UPSTREAM_KEY": "", "MODEL_UPSTREAM_AUTH_TOKEN": "t"})
    assert by_key.credential() == {"x-api-key": "k"}
    assert by_token.credential() == {"authorization": "Bearer t"}
    assert "'k'" not in repr(by_key)


def test_a_configured_price_goes_before_the_table() -> None:
    """The operator's own figures hold, and what caching costs follows from them."""
    prices = Prices([MODEL, "mine"], read_prices('{"mine": {"input": 4, "output": "20.5"}}'), LIST_PRICE)
    assert prices.cost("mine", Tokens(input=1_000_000, output=2_000_000)) == Decimal(45)
    assert prices.cost("mine", Tokens(cache_read=1_000_000)) == Decimal(4)
    assert prices.cost("mine", Tokens(cache_write=1_000_000, cache_write_1h=500_000)) == Decimal("6.5")
    assert prices.cost(MODEL, Tokens(cache_write=1_000, cache_write_1h=1_000)) == Decimal("0.004")


counts = st.integers(0, 10_000_000)


@given(st.tuples(counts, counts, counts, counts), st.tuples(counts, counts, counts, counts))
def test_more_tokens_never_cost_less(first: tuple[int, ...], second: tuple[int, ...]) -> None:
    """A price rises with each kind of token, and nothing costs nothing."""
    few, more = Tokens(*first), Tokens(*(a + b for a, b in zip(first, second, strict=True)))
    for prices in (Prices([MODEL], {}, LIST_PRICE), Prices([MODEL], OWN, LIST_PRICE)):
        assert 0 <= prices.cost(MODEL, few) <= prices.cost(MODEL, more)
        assert prices.cost(MODEL, Tokens()) == 0


REPLY = Reply(
    model=MODEL,
    content=[
        {"type": "text", "text": "Grüße \u2028 " * 20},
        {"type": "tool_use", "id": "t", "name": "n", "input": {"a": 1}},
    ],
    stop_reason="tool_use",
    usage={"input_tokens": 11, "output_tokens": 22, "cache_read_input_tokens": 33, "cache_creation_input_tokens": 44},
    id="msg_1",
)
WIRE = b"".join(sse(event) for event in REPLY.events())


@given(st.lists(st.integers(0, len(WIRE)), max_size=30))
def test_a_stream_is_metered_however_it_is_cut_into_chunks(cuts: list[int]) -> None:
    """Events, lines and characters may be split anywhere between two chunks."""
    meter = StreamMeter()
    edges = [0, *sorted(cuts), len(WIRE)]
    for begin, end in pairwise(edges):
        meter.feed(WIRE[begin:end])
    assert meter.complete
    assert meter.tokens() == Tokens(input=11, output=22, cache_read=33, cache_write=44)


@given(st.integers(0, len(WIRE)))
def test_a_cut_stream_is_not_taken_for_a_whole_one(end: int) -> None:
    """A stream that ends before its last usage has none, wherever it ends; so nothing is guessed."""
    meter = StreamMeter()
    meter.feed(WIRE[:end])
    assert meter.complete == (b'"message_delta"' in WIRE[:end].rpartition(b"\n")[0])


def test_a_last_usage_without_a_first_one_is_none() -> None:
    """A stream that never said what its input was cannot be paid by what it said."""
    meter = StreamMeter()
    meter.feed(WIRE[WIRE.index(b"event: message_delta") :])
    assert not meter.complete


@pytest.mark.parametrize("usage", [None, {}, [], {"output_tokens": -1}, {"output_tokens": True}, {"output_tokens": "9"},
                                   {"output_tokens": 10**30}])  # fmt: skip
def test_a_usage_without_figures_is_none(usage: object) -> None:
    """A reply whose usage says no number of tokens cost nobody knows what, and not nothing."""
    whole, stream = WholeMeter(), StreamMeter()
    first = {"input_tokens": 5, "output_tokens": 1}
    whole.feed(json.dumps({"usage": usage if not isinstance(usage, dict) else {"input_tokens": 5, **usage}}).encode())
    stream.feed(sse({"type": "message_start", "message": {"usage": first}}))
    stream.feed(sse({"type": "message_delta", "usage": usage}) + sse({"type": "message_stop"}))
    assert (whole.complete, stream.complete, stream.over) == (False, False, True)


def test_the_last_of_several_usages_counts() -> None:
    """A stream may say its usage more than once at its end, each time with what came before in it."""
    meter = StreamMeter()
    meter.feed(WIRE[: WIRE.index(b"event: message_delta")])
    for output in (30, 70):
        meter.feed(sse({"type": "message_delta", "usage": {"output_tokens": output}}))
        assert (meter.complete, meter.over) == (True, False)
    meter.feed(sse({"type": "message_stop"}))
    assert (meter.over, meter.tokens().output) == (True, 70)


def test_what_is_kept_for_an_hour_is_part_of_what_is_kept() -> None:
    """No figure of the vendor's makes a price negative."""
    said = {"cache_creation_input_tokens": 10, "cache_creation": {"ephemeral_1h_input_tokens": 1_000_000}}
    assert updated(Tokens(), said) == Tokens(cache_write=10, cache_write_1h=10)


@pytest.mark.parametrize("depth", [10, 100_000])
def test_a_reply_nested_without_end_has_no_usage(depth: int) -> None:
    """What cannot be read is metered as nothing, and breaks nothing."""
    for meter in (WholeMeter(), StreamMeter()):
        meter.feed(b"data: " * isinstance(meter, StreamMeter) + b"[" * depth + b"\n")
        assert not meter.complete


@given(st.binary(max_size=300))
def test_whatever_comes_is_metered_without_error(body: bytes) -> None:
    """A reply that is no JSON and no stream has no usage."""
    for meter in (WholeMeter(), StreamMeter()):
        meter.feed(b"data: " + body + b"\n")
        assert not meter.complete


@given(st.text(max_size=500), st.integers(0, 3))
def test_a_requests_input_is_bounded_by_its_bytes_and_images(text: str, images: int) -> None:
    """No token is shorter than a byte; an image's bytes say nothing of its tokens, which are bounded by themselves."""
    source = {"type": "base64", "media_type": "image/png", "data": "A" * 900_000}
    shown = [{"type": "image", "source": source} for _ in range(images)]
    result = {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": text}, *shown]}
    body = {"model": MODEL, "messages": [{"role": "user", "content": [result]}]}
    size = len(json.dumps(body, ensure_ascii=False).encode())
    bound = input_bound(CountRequest.model_validate(body), size)
    assert bound - 5_000 * images == size - 900_000 * images + 1_000
    assert bound > len(text.encode("utf-8", "replace"))


def test_the_worst_price_is_the_caches() -> None:
    """What input may cost at most is the price of writing it to the cache, also by the operator's own figures."""
    own = read_prices('{"own": {"input": 4, "output": 10, "cache_write": 1}}')
    prices = Prices([MODEL, "own"], own, LIST_PRICE)
    million = 1_000_000
    assert prices.worst(MODEL, input_tokens=100_000, output_tokens=0) == Decimal("0.25")
    assert prices.worst("own", input_tokens=million, output_tokens=million) == 14


def test_a_cap_keeps_thinking_within_it() -> None:
    """A request whose output is capped is sent as it came but for max_tokens and the thinking that must fit into it."""
    body = {
        "model": MODEL,
        "max_tokens": 32_000,
        "thinking": {"type": "enabled", "budget_tokens": 31_999},
        "messages": [{"role": "user", "content": "x"}],
    }
    headers = Headers({"anthropic-version": "2023-06-01", "content-type": "application/json"})
    dialect = MessagesDialect()
    checked = check(json.dumps(body).encode(), headers, b"")
    assert (checked.max_output, checked.fewest_output) == (32_000, 1025)
    assert json.loads(dialect.cap(checked, 64_000).content) == body
    for cap, budget in ((32_000, 31_999), (10_000, 5_000), (1_025, 1_024)):
        thinking = {"type": "enabled", "budget_tokens": budget}
        assert json.loads(dialect.cap(checked, cap).content) == body | {"max_tokens": cap, "thinking": thinking}
    assert set(json.loads(dialect.count_body(checked))) == {"model", "thinking", "messages"}
