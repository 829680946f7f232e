"""JSON text that two readers could understand differently, or that cannot be written again, is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from service_kit.json_text import read_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_what_is_json_is_read_as_ever(document: object) -> None:
    """A strict reader gives what any reader gives."""
    assert read_json(json.dumps(document)) == document


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "Expecting"),
        ("[NaN]", "NaN is no JSON value: send null, or leave it out"),
        ("Infinity", "Infinity is no JSON value"),
        ('{"a": -Infinity}', "-Infinity is no JSON value"),
        ("[1e400]", "the number 1e400 is too large: send it as text"),
        ("-1e999", "the number -1e999 is too large"),
        ('{"a": {"b": 1, "\\u0062": 2}}', "the key 'b' is given twice in one object: leave one of them out"),
        ("1" * 5000, "4300 digits"),
        ("[" * 50_000, "nested too deep"),
        ("[" * 101 + "]" * 101, "nested too deep: at most 100 lists and objects"),
        ('{"a":' * 101 + "1" + "}" * 101, "nested too deep"),
    ],
)
def test_what_is_not_is_refused_with_its_reason(text: str, said: str) -> None:
    """The message names the value, so that whoever sent it finds it."""
    with pytest.raises(ValueError, match=said):
        read_json(text)


def test_what_is_nested_as_deep_as_may_be_is_read() -> None:
    """The last level that is read may hold anything but another."""
    text = "[" * 99 + '[1, "a"]' + "]" * 99
    assert read_json(text) == json.loads(text)
