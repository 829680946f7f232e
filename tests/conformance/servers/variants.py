"""The calls of a server's reading tools: one for each tool, and for each value of its `method` or `kind`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.servers.arguments import Arguments
from conformance.servers.record import ServerRecord
from mcp_kit.tool import ToolSpec

CHOOSING = ("method", "kind")
"""The arguments by which one tool asks for different things."""

SHAPING = frozenset({*CHOOSING, "limit", "cursor", "detail", "sort", "direction"})
"""The arguments that say how a list is shown, and not what is in it."""


@dataclass(frozen=True)
class Variant:
    """A call of a reading tool that the vendor answers.

    Attributes:
        name: the tool's name, followed by the value of `method` or `kind` where the tool has one: `issue_read.get`.
        arguments: those of the call.
        most: the largest `limit`; None where the tool takes no limit.
        pages: whether it lists by a limit and a cursor.
        single: whether the call reads one thing, by the server's record.
        filters: the arguments that narrow a list, each with a value.
        under: a key of the vendor's reply under which its rows are; "" where they are the outermost list of it.
    """

    tool: str
    name: str
    arguments: Mapping[str, Any]
    most: int | None
    pages: bool
    single: bool
    filters: Mapping[str, Any]
    under: str


def variants(record: ServerRecord, spec: ToolSpec) -> Iterator[Variant]:
    """Yield the calls of a tool; a tool that writes has none."""
    if spec.writes:
        return
    one = Arguments(spec, record.samples)
    for choice, value in _choices(one):
        name = f"{spec.name}.{value}" if choice else spec.name
        given = {argument: one.sample(argument) for argument in one.schemas if f"{name}.{argument}" in record.samples}
        given = {argument: record.samples[f"{name}.{argument}"] for argument in given}
        fixed = one.plain | ({choice: value} if choice else {}) | given
        single = not {name, spec.name}.isdisjoint(record.singles)
        most = one.schemas["limit"]["maximum"] if "limit" in one.schemas else None
        yield Variant(
            under=record.rows.get(name, ""),
            tool=spec.name,
            name=name,
            arguments=fixed,
            most=most,
            pages="cursor" in one.schemas and most is not None and not single and name not in record.whole,
            single=single,
            filters={
                argument: _filter(one, argument) for argument in one.schemas if argument not in {*fixed, *SHAPING}
            },
        )


def _filter(one: Arguments, argument: str) -> Any:
    """Return a value that an argument has not by itself."""
    values = [value for schema in one.types(argument) for value in schema.get("enum", ())]
    return values[-1] if values else one.sample(argument)


def _choices(one: Arguments) -> Iterator[tuple[str, str]]:
    for choice in CHOOSING:
        values = [value for schema in one.types(choice) for value in schema.get("enum", ())]
        if values:
            yield from ((choice, value) for value in values)
            return
    yield "", ""
