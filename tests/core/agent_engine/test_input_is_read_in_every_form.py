"""A task's input on the command line: every form, and nothing that is taken for another."""

import json
from pathlib import Path
from typing import Any

import pytest
from agent_engine.cli.console import UsageError
from agent_engine.cli.input import read_input
from hypothesis import given as drawn
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (['{"a": 1}'], {"a": 1}),
        (["a=1", "b=x y", "c=[1]"], {"a": 1, "b": "x y", "c": [1]}),
        (["plain words"], "plain words"),
        (["[1, 2]"], "[1, 2]"),
        (["a=b=c"], {"a": "b=c"}),
        (["[ERROR] disk full"], "[ERROR] disk full"),
        (["a=NaN", "b=-Infinity"], {"a": "NaN", "b": "-Infinity"}),
        ([' {"a": 1}'], {"a": 1}),
    ],
)
def test_input_is_read_in_every_form(given: list[str], read: Any) -> None:
    """Input is JSON, pairs or text."""
    assert read_input(given) == read


def test_input_comes_from_a_file(tmp_path: Path) -> None:
    """Input is read from a file with @, and forms are not mixed."""
    (tmp_path / "input.json").write_text('{"a": 1}')
    assert read_input([f"@{tmp_path}/input.json"]) == {"a": 1}
    with pytest.raises(UsageError, match="is not key=value"):
        read_input(["a=1", '{"b": 1}'])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["{bad"], "--input looks like JSON, but is none: Expecting property name"),
        (['{"a": 1} {"b": 2}'], "Extra data"),
        (['{"a": NaN}'], "NaN is no JSON value"),
        (['{"a": 1e999}'], "1e999 is too large: send it as text"),
        (['{"a": 1, "a": 2}'], "is given twice in one object"),
        (['{"a": ' + "[" * 50_000], "nested too deep"),
        (["a={bad"], """put it in quotes: 'a="{bad"'"""),
        (["a=1", "b=[Bug] crash"], "--input b: looks like JSON"),
        (["a=1", "a=2"], "--input a is given twice"),
        ([], "has no input"),
    ],
)
def test_what_looks_like_json_must_be_some(given: list[str], said: str) -> None:
    """Broken JSON is refused with its fault and the remedy, and never sent as text unseen."""
    with pytest.raises(UsageError) as caught:
        read_input(given)
    assert said in str(caught.value)


@pytest.mark.parametrize("text", ["{bad", "@octocat is right", "@/etc/passwd", "[1, 2", ""])
def test_exact_text_is_sent_as_it_is(text: str) -> None:
    """--input-text takes any text and expands nothing, and not beside --input."""
    assert read_input([], text) == text
    with pytest.raises(UsageError, match="both given"):
        read_input(["a=1"], text)


@drawn(
    st.dictionaries(
        st.text(),
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    )
)
def test_every_object_is_read_back(value: dict[str, Any]) -> None:
    """Any JSON object comes through as it is."""
    assert read_input([json.dumps(value)]) == value
