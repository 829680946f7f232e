"""What an effect's row says of a write: its target and fields, read off the whole request as the route says."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import agent_effects
import asyncpg
import pytest
from agent_contracts import Grant
from api_kit import Body, Call, Json, Refusal, Resource, Route, Table
from api_kit.effect_target import fields_of
from core.api_kit.toy import TABLE, toy
from fixtures.resource_kinds import CHANNELS

FIELDS = frozenset({"fields.project.key", "fields.labels", "channel", "ts"})
WRITE = Route("POST", "/write/{key}", query=frozenset({"board"}), body=Body(FIELDS))
BODY: Json = {"fields": {"project": {"key": "OPS"}, "labels": ["a"]}, "channel": "C1", "ts": "17.5"}
PROPOSING = Grant.model_validate({"resources": {"channels": ["C1", "C2"]}, "mode": "propose"})


def called(target: str | Callable[[Call], str], body: Json = BODY, board: str = "team") -> Call:
    """Make a call of a route with a target."""
    return Call(replace(WRITE, target=target), {"key": "OPS-7"}, {"board": board}, body)


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("", "/write/OPS-7"),
        ("{key}", "OPS-7"),
        ("{fields.project.key}", "OPS"),
        ("{board}: {channel}/{ts}", "team: C1/17.5"),
        (lambda call: call.path["key"].partition("-")[0], "OPS"),
    ],
)
def test_the_target_is_read_off_the_whole_request(target: str | Callable[[Call], str], found: str) -> None:
    """A format takes its places from the path, the query and the body; a function whatever it wants."""
    assert called(target).target == found


@pytest.mark.parametrize(
    ("target", "body", "named"),
    [
        ("{fields.project.key}", {"fields": {"project": {}}}, "fields.project.key"),
        ("{fields.project.key}", {"fields": "OPS"}, "fields.project.key"),
        ("{channel}", {"channel": ["C1", "C2"]}, "channel"),
        ("{channel}", {"channel": ""}, "channel"),
        ("{channel}", [], "channel"),
        ("{channel}", {"channel": "C1\n"}, "what it is about"),
        ("{channel}", {"channel": "C" * 501}, "what it is about"),
        ("{channel}/{ts}", {"channel": "C1/1", "ts": "2"}, "channel"),
        (lambda call: "", BODY, "what it is about"),
    ],
)
def test_a_target_that_the_request_does_not_say_is_refused(
    target: str | Callable[[Call], str], body: Json, named: str
) -> None:
    """What is missing, no single text, or would read as another target is no target; the refusal names the place."""
    with pytest.raises(Refusal, match=named) as refused:
        assert called(target, body).target
    assert (refused.value.status, refused.value.reason) == (400, "body")


def test_a_target_that_the_query_does_not_say_is_refused() -> None:
    """A parameter that is left empty names nothing."""
    with pytest.raises(Refusal, match="'board'") as refused:
        assert called("{board}", board="").target
    assert (refused.value.status, refused.value.reason) == (400, "query")


@pytest.mark.parametrize(
    ("where", "fields"),
    [
        ((), ["channel", "fields", "ts"]),
        (("fields",), ["labels", "project"]),
        (("fields", "fields.project"), ["key", "labels", "project"]),
        (("fields.labels",), []),
        (lambda call: ["summary", "labels", "labels"], ["labels", "summary"]),
    ],
)
def test_the_fields_are_those_of_the_places_that_the_route_names(
    where: tuple[str, ...] | Callable[[Call], Sequence[str]], fields: list[str]
) -> None:
    """By default the fields of the body; where a vendor nests them, the fields of the nested objects."""
    assert fields_of(Call(replace(WRITE, effect_fields=where), {"key": "OPS-7"}, {}, BODY)) == fields


@pytest.mark.parametrize(
    "route",
    [
        replace(WRITE, target="{other}"),
        replace(WRITE, target="{channels[]}"),
        replace(WRITE, target="{board}", several=frozenset({"board"})),
        replace(WRITE, path="/write/{channel}", target="{channel}"),
        replace(WRITE, effect_fields=("other",)),
        replace(WRITE, effect_fields=("field",)),
    ],
)
def test_a_route_names_places_that_a_request_has_once(route: Route) -> None:
    """A place that is unknown, that may have several values, or that stands in two parts of the request is refused."""
    with pytest.raises(ValueError, match="in its"):
        Table([route])


async def test_two_channels_do_not_wait_for_each_other(tmp_path: Path, pool: asyncpg.Pool) -> None:
    """Approved writes to two channels are sent side by side, and one to a channel that has one under way waits."""
    message = next(route for route in TABLE.routes if route.path == "/messages")
    table = Table([replace(message, target="{channel}", resources=(Resource(CHANNELS, "body", "{channel}"),))])
    async with toy(tmp_path, pool, PROPOSING, table=table) as api:
        for channel, text in (("C1", "a"), ("C2", "b"), ("C1", "c")):
            reply = await api.client.post("/messages", json={"channel": channel, "text": text})
            found = await agent_effects.proposal(pool, UUID(reply.json()["proposal"]))
            assert f"target: {channel}" in found.shown.splitlines()
            await agent_effects.decide(
                pool, found.id, approve=True, by="person:ada", reason="fine", sha256=found.sha256
            )
    assert [one.target for one in await agent_effects.approved(pool, "toy", but=set(), most=5)] == ["C1", "C2"]
