"""Input: what does not fit the schema that a skill's workers registered is refused at the door."""

import json
import math
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from agent_ledger import InvalidTask, list_skills, register_skills, schema_errors, submit, value_error
from core.ledger.house import DOOR, STRICT, task

SKILLS = Path(__file__).parents[3] / "agent-engine/skills"


@pytest.mark.parametrize(
    ("given_input", "said"),
    [
        ({"issue": 1}, None),
        ({"issue": 0}, "issue: 0 is less than the minimum of 1"),
        ({}, '"issue" is missing'),
        ({"issue": 1, "x": 2}, '"x" is unknown'),
        ("look", 'the whole: "look" is not of type "object"'),
        ("look " * 100_000, '… is not of type "object"'),
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
    assert str(refused.value).endswith("(its input schema says what it takes)")
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
        (
            {"$ref": "https://elsewhere.example/schema"},
            "a $ref leads to no schema: Resource 'https://elsewhere.example",
        ),
        ({"properties": {"issue": {"$ref": "#/$defs/issue"}}}, "a $ref leads to no schema: Pointer '/$defs/issue'"),
        ({"$ref": "#/title", "title": "no schema"}, '$.title: "no schema" is not of types "boolean", "object"'),
        ({"patternProperties": {"(": True}}, 'pattern "(" is no regular expression that is matched in linear time'),
        ({"pattern": "^(?!a)b$"}, 'pattern "^(?!a)b$" is no regular expression that is matched in linear time'),
        ({"pattern": r"^(a+)\1$"}, "write it without look-around, back-references and large repetitions"),
        ({"pattern": "(([ab]{99}){99}){99}"}, 'pattern "(([ab]{99}){99}){99}"'),
        ({"type": "objekt"}, 'not a JSON Schema (2020-12): $.type: "objekt"'),
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
        {"properties": {"inner": {"$ref": "#/x"}}, "x": {"$ref": "#/x"}},
        {"anyOf": [{"type": "string"}, {"$ref": "#"}]},
        {"const": {"$ref": "nowhere", "pattern": "("}, "properties": {"pattern": True}},
    ],
)
def test_what_only_looks_unusable_is_taken(schema: dict[str, Any]) -> None:
    """A schema may lead back to itself, and hold as data what would be wrong in a schema: each check ends."""
    assert schema_errors(schema) == []
    value_error(schema, {"inner": {"inner": []}})


def test_every_fault_of_a_schema_is_named() -> None:
    """An author learns of all patterns and misshapen parts at once."""
    patterns = {"a": {"pattern": "(?=a)"}, "b": {"pattern": "(?<!b)"}, "c": {"minimum": "1"}}
    assert len(schema_errors({"properties": patterns, "type": "objekt"})) == 4


@pytest.mark.parametrize(
    ("schema", "value", "said"),
    [
        ({"properties": {"a": {"pattern": "^b$", "description": "a bee"}}}, {"a": "c"}, 'a: "c" is not a bee'),
        ({"additionalProperties": {"$ref": "#/$defs/b"}, "$defs": {"b": {"pattern": "^b$", "description": "a bee"}}},
         {"a": "c"}, 'a: "c" is not a bee'),
        ({"propertyNames": {"pattern": "^b$"}}, {"c": 1}, 'the whole: "c" does not match "^b$"'),
        ({"anyOf": [{"type": "null"}, {"properties": {"a": {"type": "null"}}}]}, {"a": 1}, 'a: 1 is not of type'),
        ({"oneOf": [{"type": "string"}, {"minLength": 1}]}, "a", "valid under more than one"),
    ],
)  # fmt: skip
def test_an_error_names_the_value_and_what_is_meant(schema: dict[str, Any], value: object, said: str) -> None:
    """A pattern is told by its description, and a choice by the alternative that the value comes nearest to."""
    assert said in (value_error(schema, value) or "")


TRIAGE = json.loads((SKILLS / "issue-triage/input.schema.json").read_text())
INNER = {"properties": {"a": {"required": ["b"], "properties": {"b": {}}, "additionalProperties": False}}}
REFERRED = {"$ref": "#/$defs/a", "$defs": {"a": {"required": ["b"]}}}


@pytest.mark.parametrize(
    ("schema", "value", "said"),
    [
        (TRIAGE, {"repo": "a/b", "issue": 1},
         '"repository" is missing, "repo" is unknown: did you mean repository?'),
        (TRIAGE, {"repo": "a/b"},
         '"repository" is missing, "issue" is missing, "repo" is unknown: did you mean repository?'),
        (TRIAGE, {"repository": "a/b", "issue": 1, "extra": 2}, '"extra" is unknown'),
        (TRIAGE, {"repository": "a/b", "issue": 1} | {f"x{number}": 0 for number in range(9)},
         '"x0" is unknown, "x1" is unknown, "x2" is unknown, "x3" is unknown, "x4" is unknown, and 4 more'),
        (INNER, {"a": {"c": 1}}, 'a: "b" is missing, "c" is unknown'),
        (REFERRED, {}, '"b" is missing'),
        ({"required": ["a"], "patternProperties": {"^b$": {}}, "additionalProperties": False}, {"b": 1},
         '"a" is missing'),
    ],
)  # fmt: skip
def test_all_wrong_keys_of_an_object_are_told_together(schema: dict[str, Any], value: object, said: str) -> None:
    """What is missing and what is unknown stand side by side, with the key that was meant."""
    assert value_error(schema, value) == said


@pytest.mark.parametrize("end", ["\n", "\r\n", "\u2028", " "])
def test_a_pattern_ends_where_the_text_ends(end: str) -> None:
    """`$` does not forgive a line end: what the run would refuse is refused at the door."""
    schema = json.loads((SKILLS / "issue-triage/input.schema.json").read_text())
    assert value_error(schema, {"repository": "octocat/hello-world", "issue": 1}) is None
    said = value_error(schema, {"repository": f"octocat/hello-world{end}", "issue": 1})
    assert said is not None
    assert said.startswith("repository:")
    assert said.endswith("is not owner/name")


@pytest.mark.parametrize("name", ["a", ".a", "..a", "a.", "...", "-", ".github", "a" * 100])
def test_names_of_repositories_pass_the_shipped_pattern(name: str) -> None:
    """The shipped skill takes every name that a repository can have, and not the two that a path gives a meaning."""
    schema = json.loads((SKILLS / "issue-triage/input.schema.json").read_text())
    assert value_error(schema, {"repository": f"o/{name}", "issue": 1}) is None
    for wrong in (".", "..", "", "a" * 101, f"{name}/"):
        assert value_error(schema, {"repository": f"o/{wrong}", "issue": 1}) is not None


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("^(a+)+$", "a"),
        ("^(a|a)*$", "a"),
        ("^(a|aa)+$", "a"),
        ("^(a*)*b$", "a"),
        ("^(.*a){8}$", "a"),
        ("(x+x+)+y", "x"),
        ("^(([a-z])+.)+[A-Z]([a-z])+$", "a"),
        (r"^(\w+\s?)*$", "word "),
    ],
)
def test_no_pattern_takes_more_than_linear_time(pattern: str, text: str) -> None:
    """Eight times the text takes about eight times as long, where backtracking would take for ever at 31 letters."""

    def seconds(times: int) -> float:
        value, shortest = text * times + "!", math.inf
        for _ in range(3):
            begun = time.perf_counter()
            assert value_error({"pattern": pattern}, value) is not None
            shortest = min(shortest, time.perf_counter() - begun)
        return shortest

    assert seconds(80_000) < 30 * max(seconds(10_000), 0.002)
