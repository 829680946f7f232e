"""A request's body is read within limits, and a refusal says its reason, message and remedy, for every service."""

import asyncio
import json

import pytest
from service_kit.body import check_fields, parse_json, read_body
from service_kit.refusal import Reason, Refusal
from starlette.types import Message

JSON = "application/json"
REASONS = {
    "body": Reason(400, "Send JSON."),
    "body_too_large": Reason(413, "Send less."),
    "body_timeout": Reason(408, "Send it at once."),
    "content_type": Reason(415, "Send application/json."),
    "token": Reason(401, "Send a token."),
    "method": Reason(405, "Use another method."),
}


class SampleRefusal(Refusal):
    """The refusal of a made-up service."""

    reasons = REASONS
    reason_header = "x-sample-error"


async def read(*messages: Message) -> bytes:
    """Read a body of these messages, after which nothing comes."""
    left = list(messages)

    async def receive() -> Message:
        if not left:
            await asyncio.Event().wait()
        return left.pop(0)

    return await read_body(receive, limit=10, seconds=0.05, refuse=SampleRefusal)


async def test_a_body_in_parts_is_read_whole() -> None:
    """The parts of a body are put together."""
    assert (
        await read({"type": "http.request", "body": b"ab", "more_body": True}, {"body": b"cd", "type": "x"}) == b"abcd"
    )


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ([{"type": "http.request", "body": b"x" * 11, "more_body": True}], "body_too_large"),
        ([{"type": "http.request", "body": b"x", "more_body": True}], "body_timeout"),
        ([{"type": "http.disconnect"}], "body"),
    ],
)
async def test_a_body_out_of_its_limits_is_refused(messages: list[Message], reason: str) -> None:
    """Too many bytes, too many seconds, and a caller that goes away each have their reason."""
    with pytest.raises(SampleRefusal) as caught:
        await read(*messages)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("raw", "content_type", "encoding", "reason"),
    [
        (b"{}", "text/plain", "", "content_type"),
        (b"{}", JSON, "gzip", "content_type"),
        (b"{}", f"{JSON}; charset=iso-8859-1", "", "content_type"),
        (b"\xff", JSON, "", "body"),
        (b'{"a":1,"a":2}', JSON, "", "body"),
        (b"[" * 100_000, JSON, "", "body"),
        (b'"\\ud800"', JSON, "", "body"),
    ],
)
def test_json_that_two_readers_could_read_differently_is_refused(
    raw: bytes, content_type: str, encoding: str, reason: str
) -> None:
    """A body must say that it is JSON, and be strict JSON in UTF-8."""
    with pytest.raises(SampleRefusal) as caught:
        parse_json(raw, content_type, encoding, SampleRefusal)
    assert caught.value.reason == reason


def test_lone_surrogates_are_read_where_nothing_is_sent_on() -> None:
    """A service that keeps a document, and sends it nowhere, may take half of a surrogate pair."""
    assert parse_json(b'"\\ud800"', JSON, "", SampleRefusal, lone_surrogates=True) == "\ud800"


def test_unlisted_fields_are_refused_by_name() -> None:
    """A field that the route does not list is named."""
    assert check_fields({"a": 1}, {"a"}, SampleRefusal) == {"a": 1}
    with pytest.raises(SampleRefusal, match="'b' is not one of this route"):
        check_fields({"a": 1, "b": 2}, {"a"}, SampleRefusal)


def test_a_refusal_has_the_status_and_remedy_of_its_reason() -> None:
    """The table gives status and remedy; both can be given by hand."""
    plain = SampleRefusal("body", "it is no JSON")
    own = SampleRefusal("body", "a field is wrong", status=422, remedy="Mend it.")
    assert (plain.status, plain.remedy, own.status, own.remedy) == (400, "Send JSON.", 422, "Mend it.")
    assert json.loads(plain.body()) == {"message": "it is no JSON", "reason": "body", "remedy": "Send JSON."}
    with pytest.raises(KeyError):
        SampleRefusal("unlisted", "x")


def test_a_refusal_says_its_reason_when_to_come_back_and_what_opens_it() -> None:
    """The headers hold the reason, Retry-After rounded up, Allow, and a challenge with a 401."""
    assert SampleRefusal("body", "x", retry_after=0.2).response().headers["retry-after"] == "1"
    assert SampleRefusal("method", "x", allow=("GET", "PUT")).response().headers["allow"] == "GET, PUT"
    reply = SampleRefusal("token", "x").response()
    assert (reply.status_code, reply.headers["www-authenticate"]) == (401, "Bearer")
    assert (reply.headers["x-sample-error"], reply.headers["content-type"]) == ("token", JSON)
