"""Queries and bodies: what two readers could read in two ways is refused; what is sent reads as what was checked."""

import json
from typing import cast
from urllib.parse import parse_qsl, urlencode

import pytest
from api_kit.body import Body, parse
from api_kit.content_negotiation import choose
from api_kit.errors import Refusal
from api_kit.query import encode as encode_query
from api_kit.query import parse as parse_query
from hypothesis import given
from hypothesis import strategies as st
from service_kit.body import build_json
from service_kit.json_text import Json

ALLOWED = frozenset({"q", "page", "a b"})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(ALLOWED)), st.text(max_size=10)))
def test_a_query_reads_as_it_was_meant(values: dict[str, str]) -> None:
    """A client's query is read as the client meant it, and sent so that any reader reads the same."""
    try:
        raw = urlencode(values).encode()
        found = parse_query(raw, ALLOWED)
    except (Refusal, UnicodeEncodeError):
        return
    assert found == values
    assert dict(parse_qsl(encode_query(found), keep_blank_values=True)) == values


@given(st.binary(max_size=30))
def test_no_query_is_read_twice(raw: bytes) -> None:
    """Whatever the bytes, a name is taken once at most and is one of the list."""
    try:
        found = parse_query(raw, ALLOWED)
    except Refusal:
        return
    assert set(found) <= ALLOWED
    assert len(found) == (raw.count(b"&") + 1 if raw else 0)


@given(st.dictionaries(st.sampled_from(["title", "labels"]), JSON))
def test_a_body_is_sent_as_it_was_checked(document: dict[str, Json]) -> None:
    """What is sent reads as the same document."""
    shape = Body(frozenset({"title", "labels"}))
    try:
        found = parse(json.dumps(document).encode(), "application/json; charset=UTF-8", "", shape)
    except Refusal:
        return
    assert json.loads(build_json(found)) == found == document


@pytest.mark.parametrize("raw", [b'{"a":1,"a":1}', b'{"a":{"b":1,"\\u0062":2}}', b'[{"a":1,"a":2}]', b'{"a":Infinity}'])
def test_doubled_keys_are_refused_at_any_depth(raw: bytes) -> None:
    """Of two values nobody knows which counts."""
    with pytest.raises(Refusal):
        parse(raw, "application/json", "", Body(frozenset({"a"}), bare_list=True))


def test_a_bare_list_passes_only_where_it_may() -> None:
    """A list in place of an object is for routes that say so."""
    assert parse(b'["x"]', "application/json", "", Body(frozenset(), bare_list=True)) == cast(Json, ["x"])
    with pytest.raises(Refusal):
        parse(b'["x"]', "application/json", "", Body(frozenset()))


def test_one_media_type_is_asked_for() -> None:
    """The first that the route gives; the default for none or any; else 406."""
    offered = ("application/json", "text/x-diff")
    assert choose([], offered) == "application/json"
    assert choose(["*/*"], offered) == "application/json"
    assert choose(["text/html, TEXT/X-Diff;q=0.1", "*/*"], offered) == "text/x-diff"
    with pytest.raises(Refusal):
        choose(["text/html"], offered)
