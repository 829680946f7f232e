"""Whatever stands in a call's arguments: it is refused before anything is sent, or stays within what it names."""

import re
from typing import Any
from urllib.parse import unquote

import pytest
from conformance.servers.arguments import Arguments, unbounded
from conformance.servers.conftest import Open, Said, Subject
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcp_kit.errors import ToolFailed
from service_kit.untrusted_text import is_control, is_hidden

EXAMPLES = 10
"""Calls a tool: the seed is fixed, so that each run makes the same ones."""
LONGEST = 40_000
FENCE = re.compile(r"</?foreign-[0-9a-f]{8}")
pytestmark = [pytest.mark.bad_input, pytest.mark.apart]


@pytest.fixture
def arguments(subject: Subject, tool: str) -> Arguments:
    """The arguments of one of the server's tools."""
    server, _ = subject.built()
    (spec,) = [spec for spec in server.tools if spec.name == tool]
    return Arguments(spec, subject.record.samples)


async def test_the_samples_are_answered(subject: Subject, opened: Open, tool: str, arguments: Arguments) -> None:
    """The call of which hostile ones are made reaches the vendor, and lists and objects have a bound."""
    said = await opened.say(tool, arguments.plain)
    told = f"{tool} with {arguments.plain} did not reach the vendor: give `samples` other values. {said.text}"
    assert subject.sent, told
    loose = [name for name, schema in arguments.schemas.items() if unbounded(schema)]
    assert not loose, f"{tool} takes any number of items in {loose}: give each Field(max_length=...)"


async def test_what_the_schema_rules_out_is_refused(
    subject: Subject, opened: Open, tool: str, arguments: Arguments
) -> None:
    """What is missing, unknown, of another type or beyond its bound is named, with what to do; nothing is sent."""
    for name, call in arguments.misfits():
        said = await opened.say(tool, call)
        shown = f"{tool}({name}={str(call.get(name))[:80]}): {said.text[:300]}"
        assert said.is_error, shown
        assert name in said.text.splitlines()[0], shown
        assert said.text.splitlines()[-1] == "Correct the arguments and call it again.", shown
        assert not subject.sent, shown


@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
async def test_hostile_arguments_lead_nowhere_else(
    subject: Subject, opened: Open, tool: str, arguments: Arguments, data: st.DataObject
) -> None:
    """A hostile value is refused or taken; no tool fails inside, and each request is about what was named."""
    call = data.draw(arguments.hostile)
    before = len(subject.sent)
    said = await opened.say(tool, call)
    _expect_an_answer(said)
    named = _named(arguments, call)
    for entry in subject.sent[before:]:
        _expect_plain(entry)
        reached = subject.record.reaches(subject.app.stand_in, entry)
        outside = [one for one in reached if not any(kind.same(one, name) for kind, name in named)]
        assert not named or not outside, f"{entry['method']} {entry['path']}?{entry['query']} is about {outside}"


def _named(arguments: Arguments, call: dict[str, Any]) -> list[tuple[Any, str]]:
    """Return the resources that a call names, as the server reads it; none where it is refused."""
    try:
        parsed = arguments.spec.parse(call)
    except ToolFailed:
        return []
    return [(kind, name) for _, kind, names in arguments.spec.touched(parsed) for name in names]


def _expect_an_answer(said: Said) -> None:
    assert "failed inside" not in said.text
    assert "could not be reached" not in said.text
    assert len(said.text) <= LONGEST
    assert not [one for one in said.text if is_hidden(one) and one not in "\n\t"]
    assert not said.is_error or len(FENCE.sub("", said.text)) <= 4_000


def _expect_plain(entry: dict[str, Any]) -> None:
    """Fail where a path could be read as another one, or an argument became a header."""
    parts = unquote(unquote(entry["path"])).replace("\\", "/").split("/")[1:]
    assert not {"", ".", ".."} & set(parts), entry["path"]
    assert not any(map(is_control, "".join(parts))), entry["path"]
    assert "y" not in entry["headers"]
