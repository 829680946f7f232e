"""The wire format: what it refuses, and that what is published of it is current."""

import json
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from agent_contracts import Budget, Grant, Task, TaskEvent, TaskResult, task_id_for, uuid7
from agent_contracts.schemas import rendered
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

SCHEMAS = Path(__file__).parents[3] / "docs" / "schemas"
GIVEN: dict[type[BaseModel], dict[str, Any]] = {
    Task: {"skill": "triage", "input": "x"},
    TaskEvent: {
        "task_id": uuid.UUID(int=1),
        "attempt": 1,
        "seq": 1,
        "at": "2026-01-01T00:00:00Z",
        "body": {"kind": "text", "text": "x"},
    },
    TaskResult: {"task_id": uuid.UUID(int=1), "status": "succeeded"},
    Grant: {},
}


@pytest.mark.parametrize("model", list(GIVEN), ids=lambda model: model.__name__)
def test_unknown_field_is_refused_by_name(model: type[BaseModel]) -> None:
    """Every model of the wire takes its own fields alone, and names one that is not."""
    model.model_validate(GIVEN[model])
    with pytest.raises(ValidationError, match="urgency"):
        model.model_validate({**GIVEN[model], "urgency": 1})


def test_schemas_are_current() -> None:
    """The JSON Schemas in docs/schemas are those of the models; `python -m agent_contracts.schemas` writes them."""
    assert {path.name: path.read_text() for path in SCHEMAS.glob("*.json")} == rendered()
    assert json.loads(rendered()["task.schema.json"])["additionalProperties"] is False


def test_uuid7_is_ordered_by_time() -> None:
    """A UUIDv7 carries its milliseconds first, so that later ids sort later."""
    before = time.time_ns() // 1_000_000
    first = uuid7()
    time.sleep(0.002)
    second = uuid7()
    assert first < second
    assert {first.version, second.version} == {7}
    assert first.variant == uuid.RFC_4122
    assert before <= first.int >> 80 <= time.time_ns() // 1_000_000


def test_uuid7_does_not_repeat() -> None:
    """Ten thousand ids of one moment differ."""
    assert len({uuid7() for _ in range(10_000)}) == 10_000


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_task_id_is_of_its_parts(first: list[str], second: list[str]) -> None:
    """Equal parts give one id, and other parts, however they are cut, another."""
    assert (task_id_for(*first) == task_id_for(*second)) == (first == second)


def test_task_id_is_fixed() -> None:
    """The id of a stream entry never changes between versions: entries in flight depend on it."""
    assert str(task_id_for("default", "agent:tasks", "1-0")) == "ab4574c1-d419-5b21-a0be-3e5f64d76662"


def test_nul_in_the_input_is_refused() -> None:
    """A NUL character in the input is refused; a backslash followed by `u0000` is no NUL."""
    with pytest.raises(ValidationError, match="NUL"):
        Task(skill="triage", input={"a": ["b\x00"]})
    assert Task(skill="triage", input="\\u0000").input == "\\u0000"


def test_input_has_a_bound() -> None:
    """An input over 1 MiB is refused, with what to do instead."""
    with pytest.raises(ValidationError, match="pass a reference"):
        Task(skill="triage", input="x" * 1_048_577)


def test_reply_to_is_one_place() -> None:
    """A reply goes to a stream or to a URL, not to both and not to neither."""
    for reply_to in ({}, {"stream": "a", "url": "https://b"}):
        with pytest.raises(ValidationError, match="exactly one"):
            Task(skill="triage", input="x", reply_to=reply_to)


def test_budget_within_is_the_tighter() -> None:
    """Of two budgets each bound is the tighter one, and a missing bound is none."""
    both = Budget(tokens=5, turns=3).within(Budget(tokens=4, wall_seconds=9))
    assert both == Budget(tokens=4, turns=3, wall_seconds=9)


@pytest.mark.parametrize(
    "fields",
    [
        {"not_before": "0001-01-01T00:00:00+14:00"},
        {"deadline": "9999-12-31T23:59:59-12:00"},
        {"budget": {"tokens": 10**30}},
        {"budget": {"tool_calls": 10**30}},
    ],
)
def test_what_no_store_could_keep_is_refused(fields: dict[str, Any]) -> None:
    """Times and counts are bounded where they come in."""
    with pytest.raises(ValidationError, match=r"the year \d+ is not usable|less than or equal to"):
        Task.model_validate({"skill": "look", "input": "x", **fields})
