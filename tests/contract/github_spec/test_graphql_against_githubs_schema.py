"""What we ask by GraphQL, and what the stand-in answers, is by the schema that GitHub publishes."""

import functools

import pytest
from agent_vendors.github_operations import OPERATIONS
from agent_vendors.graphql_operation import Operation
from fixtures.npm import GITHUB_GRAPHQL, obtain
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    parse,
    validate,
)
from stand_ins.github.routes.graphql import schema

pytestmark = pytest.mark.npm
FIELDS = GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType


@functools.cache
def githubs() -> GraphQLSchema:
    """Read GitHub's whole schema, which takes two seconds."""
    return build_schema(obtain(GITHUB_GRAPHQL).read_text(encoding="utf-8"), assume_valid=True)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_github_and_the_stand_in_take_each_operation(operation: Operation) -> None:
    """Each operation is valid by GitHub's schema, and by the part of it that the stand-in serves."""
    document = parse(operation.text)
    assert validate(githubs(), document) == []
    assert validate(schema(), document) == []


def test_the_stand_ins_schema_is_a_part_of_githubs() -> None:
    """Each type, field, argument and value of the stand-in's schema is GitHub's, and of the same type."""
    theirs, odd = githubs().type_map, []
    for name, ours in schema().type_map.items():
        if name.startswith("__"):
            continue
        real = theirs.get(name)
        if type(real) is not type(ours):
            odd.append(name)
        elif isinstance(ours, GraphQLEnumType) and isinstance(real, GraphQLEnumType):
            odd += [f"{name}.{value}" for value in ours.values if value not in real.values]
        elif isinstance(ours, GraphQLUnionType) and isinstance(real, GraphQLUnionType):
            odd += [f"{name}|{one}" for one in ours.types if one.name not in {each.name for each in real.types}]
        elif isinstance(ours, FIELDS) and isinstance(real, FIELDS):
            odd += [f"{name}.{field}" for field in _odd_fields(ours, real)]
    assert odd == []


def _odd_fields(ours: FIELDS, theirs: FIELDS) -> list[str]:
    odd = []
    for name, field in ours.fields.items():
        real = theirs.fields.get(name)
        if real is None or str(real.type) != str(field.type):
            odd.append(name)
            continue
        arguments, known = getattr(field, "args", {}), getattr(real, "args", {})
        odd += [
            f"{name}({argument})"
            for argument, asked in arguments.items()
            if argument not in known or str(known[argument].type) != str(asked.type)
        ]
    return odd
