"""Values and levels of foreign JSON are counted in linear time, before anything is parsed."""

import contextlib
import json
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from service_kit.json_text import MOST_LEVELS, MOST_VALUES, Json, count_values, read_json

TEXTS = st.text(alphabet='ab"\\,[]{}:\n\u00e9', max_size=12)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)
HOSTILE: dict[str, Callable[[int], bytes]] = {
    "lists": lambda size: b"[" + b"[]," * (size // 3) + b"1]",
    "objects": lambda size: b"[" + b"{}," * (size // 3) + b"1]",
    "texts": lambda size: b"[" + b'"",' * (size // 3) + b"1]",
    "numbers": lambda size: b"[" + b"1," * (size // 2) + b"1]",
    "levels": lambda size: b"[" * (size // 2) + b"]" * (size // 2),
    "closing": lambda size: b"]" * size,
    "quotes": lambda size: b'"' * size,
    "backslashes": lambda size: b'"' + b"\\" * size,
    "escaped quotes": lambda size: b'"' + rb"\"" * (size // 2) + b'"',
}


def values_in(document: Json) -> int:
    """Count the values of a document."""
    if isinstance(document, dict):
        return 1 + sum(values_in(value) for value in document.values())
    return 1 + sum(values_in(value) for value in document) if isinstance(document, list) else 1


@given(DOCUMENTS, st.booleans())
def test_no_value_is_missed_and_no_text_is_counted(document: Json, ascii_only: bool) -> None:
    """The count is at least the number of values, and at most one more for each empty list or object."""
    raw = json.dumps(document, ensure_ascii=ascii_only).encode()
    found = values_in(document)
    assert found <= count_values(raw) <= 2 * found


@pytest.mark.parametrize("kind", HOSTILE)
def test_more_values_or_levels_than_may_be_are_refused_by_their_bound(kind: str) -> None:
    """The message names the bound and what to do; nothing is parsed, so no parser's error is told."""
    raw = HOSTILE[kind](9_900_000)
    if kind in ("backslashes", "escaped quotes"):
        assert count_values(raw) == 1
        return
    with pytest.raises(ValueError, match=f"more than {MOST_VALUES} values.*send fewer"):
        read_json(raw)


def test_levels_are_counted_outside_texts_alone() -> None:
    """Brackets in a text are text; one level more than may be is refused, and closed ones do not add up."""
    assert read_json(json.dumps(["[" * 500, '\\"[[' * 200])) == ["[" * 500, '\\"[[' * 200]
    assert read_json(b"[" + b"[[]]," * 500 + b"1]")
    nested = b"[" * MOST_LEVELS + b"]" * MOST_LEVELS
    assert count_values(nested) == MOST_LEVELS + 1
    with pytest.raises(ValueError, match=f"at most {MOST_LEVELS} lists and objects"):
        count_values(b"[" + nested + b"]")


@pytest.mark.slow
@pytest.mark.parametrize("kind", HOSTILE)
def test_the_time_of_counting_grows_with_the_bytes_alone(kind: str) -> None:
    """Eight times the bytes take far less than the sixty-four times of a quadratic scan."""
    small, large = (min(_seconds(HOSTILE[kind](size)) for _ in range(3)) for size in (500_000, 4_000_000))
    assert large < 24 * max(small, 0.0005)


@pytest.mark.slow
def test_ordinary_text_of_ten_megabytes_is_counted_in_the_time_of_parsing_it() -> None:
    """Counting a large body of prose and code takes at most a few times as long as parsing it."""
    text = "A line of prose, with commas (and brackets [such as these]); `call({'key': [1, 2]})`.\n" * 110_000
    raw = json.dumps({"messages": [{"role": "user", "content": text}]}).encode()
    counting = min(_seconds(raw) for _ in range(3))
    began = time.process_time()
    json.loads(raw)
    assert counting < 10 * (time.process_time() - began)


def _seconds(raw: bytes) -> float:
    began = time.process_time()
    with contextlib.suppress(ValueError):
        count_values(raw)
    return time.process_time() - began
