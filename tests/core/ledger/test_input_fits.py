"""Input: what does not fit the schema that a skill's workers registered is refused at the door."""

import re
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from agent_ledger import InvalidTask, list_skills, register_skills, schema_errors, submit, value_error
from core.ledger.house import DOOR, STRICT, task


@pytest.mark.parametrize(
    ("given_input", "said"),
    [
        ({"issue": 1}, None),
        ({"issue": 0}, "issue: 0 is less than the minimum of 1"),
        ({}, "the whole: 'issue' is a required property"),
        ({"issue": 1, "x": 2}, "'x' was unexpected"),
        ("look", "the whole: 'look' is not of type 'object'"),
        ("look " * 100_000, "…"),
    ],
)
async def test_input_fits_the_skills_schema(pool: asyncpg.Pool, given_input: Any, said: str | None) -> None:
    """What does not fit is refused with field, value and remedy, briefly, and makes no row."""
    await register_skills(pool, [STRICT])
    if said is None:
        assert (await submit(pool, task(skill="strict", input=given_input), door=DOOR)).created
        return
    with pytest.raises(InvalidTask, match=re.escape(said)) as refused:
        await submit(pool, task(skill="strict", input=given_input), door=DOOR)
    assert refused.value.fault == "input"
    assert "skill strict" in str(refused.value)
    assert str(refused.value).endswith("send what its input schema asks for")
    assert len(str(refused.value)) < 500
    assert await pool.fetchval("select count(*) from ledger.tasks") == 0


async def test_a_schema_belongs_to_its_version(pool: asyncpg.Pool) -> None:
    """The schema is that of the version registered last, and comes back as it was given."""
    await register_skills(pool, [STRICT])
    assert await list_skills(pool) == [STRICT]
    await register_skills(pool, [replace(STRICT, version="v2", input_schema=None)])
    assert (await submit(pool, task(skill="strict"), door=DOOR)).created


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"$ref": "https://elsewhere.example/schema"}, "$ref 'https://elsewhere.example/schema' leads to no schema"),
        ({"properties": {"issue": {"$ref": "#/$defs/issue"}}}, "$ref '#/$defs/issue' leads to no schema"),
        ({"$ref": "#/title", "title": "no schema"}, "$ref '#/title' leads to no schema"),
        ({"properties": {"issue": {"$ref": "#/x"}}, "x": {"$ref": "#/x"}}, "it would never end"),
        ({"anyOf": [{"type": "string"}, {"$ref": "#"}]}, "it would never end"),
        ({"patternProperties": {"(": True}}, "pattern '(' is no regular expression of Python's: missing )"),
        ({"type": "objekt"}, "not a JSON Schema (2020-12): $.type: 'objekt'"),
    ],
)
async def test_a_schema_that_nothing_fits_is_its_authors(pool: asyncpg.Pool, schema: dict[str, Any], said: str) -> None:
    """A task is refused by a schema that cannot be used with a fault that blames the skill, not the input."""
    assert any(said in fault for fault in schema_errors(schema))
    await register_skills(pool, [replace(STRICT, input_schema=schema)])
    with pytest.raises(InvalidTask, match=re.escape(said)) as refused:
        await submit(pool, task(skill="strict", input={"issue": 1}), door=DOOR)
    assert refused.value.fault == "config"
    assert "its author mends it" in str(refused.value)


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"inner": {"$ref": "#"}}},
        {"$ref": "#/$defs/a", "$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}},
        {"$ref": "https://json-schema.org/draft/2020-12/schema"},
        {"$dynamicRef": "#a", "$defs": {"a": {"$dynamicAnchor": "a"}}},
        {"const": {"$ref": "nowhere", "pattern": "("}, "properties": {"pattern": True}},
    ],
)
def test_what_only_looks_unusable_is_taken(schema: dict[str, Any]) -> None:
    """A schema may lead back to itself by a part of the value, and hold as data what would be wrong in a schema."""
    assert schema_errors(schema) == []
    value_error(schema, {"inner": {"inner": []}})
