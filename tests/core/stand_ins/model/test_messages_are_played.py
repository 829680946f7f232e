"""The Messages API of the stand-in, as an ordinary client of the vendor's sees it."""

import asyncio
from typing import Any

import anthropic
import httpx
import httpx2
import pytest
from anthropic.types import ToolParam
from core.stand_ins.model.house import KEY, Served
from fixtures.serving import serving
from stand_ins.model.app import StandIn, build

MODEL = "claude-sonnet-5-5"
TOOLS: list[ToolParam] = [
    {"name": "mcp__github__list_labels", "description": "x", "input_schema": {"type": "object"}},
    {"name": "StructuredOutput", "description": "x", "input_schema": {"type": "object"}},
]
REPOSITORY = '{"repository": "octocat/hello-world", "issue": 7}'


def ask(text: str, **more: Any) -> dict[str, Any]:
    """Make the arguments of a request."""
    return {"model": MODEL, "max_tokens": 100, "messages": [{"role": "user", "content": text}], **more}


async def test_text_whole_and_streamed_are_the_same(served: Served) -> None:
    """A step's text comes whole or as a stream, and the client's own assembly of the stream gives the same."""
    whole = await served.client.messages.create(**ask("SCENARIO:text"))
    async with served.client.messages.stream(**ask("SCENARIO:text")) as stream:
        final = await stream.get_final_message()
    assert [block.model_dump(exclude_none=True) for block in whole.content] == [
        {"type": "text", "text": "All is well."}
    ]
    assert final.content[0].type == "text"
    assert final.content[0].text == "All is well."
    assert whole.stop_reason == final.stop_reason == "end_turn"
    assert final.usage.output_tokens == whole.usage.output_tokens > 0


async def test_a_reply_is_held_back_until_a_scenario_is_there(served: Served) -> None:
    """A test may hold a reply and let it go; it is the one that the step had when it was asked."""
    await served.put("held", "steps: [{until: go, text: As it was.}]")
    asked = asyncio.create_task(served.client.messages.create(**ask("SCENARIO:held")))
    while not any(one.get("scenario") == "held" for one in await served.seen()):
        await asyncio.sleep(0.01)
    await served.put("held", "steps: [{text: As it is now.}]")
    assert not asked.done()
    await served.put("go", "steps: [{text: Never played.}]")
    reply = await asyncio.wait_for(asked, 10)
    assert reply.content[0].type == "text"
    assert reply.content[0].text == "As it was."


async def test_a_stream_has_the_vendors_event_order(served: Served) -> None:
    """Events come as the CLI needs them: start, blocks with their deltas, usage with the stop reason, stop."""
    async with served.client.messages.stream(**ask(f"SCENARIO:thinking {REPOSITORY}", tools=TOOLS)) as stream:
        seen = [event.type async for event in stream]
    kinds = [kind for kind in seen if kind.startswith(("message_", "content_block_"))]
    compact = [kind for number, kind in enumerate(kinds) if number == 0 or kinds[number - 1] != kind]
    block = ["content_block_start", "content_block_delta", "content_block_stop"]
    assert compact == ["message_start", *block, *block, *block, "message_delta", "message_stop"]


async def test_a_short_tool_name_finds_the_offered_tool(served: Served) -> None:
    """A scenario says `list_labels` and the model calls mcp__github__list_labels, with the prompt's input filled in."""
    reply = await served.client.messages.create(**ask(f"SCENARIO:endless {REPOSITORY}", tools=TOOLS))
    assert reply.stop_reason == "tool_use"
    use = reply.content[-1]
    assert use.type == "tool_use"
    assert (use.name, use.input) == ("mcp__github__list_labels", {"repository": "octocat/hello-world"})


async def test_the_step_is_the_number_of_replies_so_far(served: Served) -> None:
    """The request's own history says which step plays, and its tool results fill templates."""
    await served.put(
        "two-steps",
        """
        steps:
          - {tool: list_labels, input: {}}
          - text: "{{ results.list_labels[0] }} by {{ refs.list_labels[0] }}, failed {{ failed.list_labels | length }}"
        """,
    )
    first = await served.client.messages.create(**ask("SCENARIO:two-steps", tools=TOOLS))
    use = first.content[0]
    assert use.type == "tool_use"
    result = {"type": "tool_result", "tool_use_id": use.id, "content": "some labels\nref: k3v7q2xa"}
    history = [
        {"role": "user", "content": "SCENARIO:two-steps"},
        {"role": "assistant", "content": [use.model_dump(exclude_none=True)]},
        {"role": "user", "content": [result]},
    ]
    second = await served.client.messages.create(**(ask("", tools=TOOLS) | {"messages": history}))
    assert second.content[0].type == "text"
    assert second.content[0].text == "some labels\nref: k3v7q2xa by k3v7q2xa, failed 0"


async def test_a_tool_result_must_answer_a_tool_use(served: Served) -> None:
    """What the vendor refuses the stand-in refuses too: a result without its call."""
    result = {"type": "tool_result", "tool_use_id": "toolu_x", "content": "x"}
    with pytest.raises(anthropic.BadRequestError, match="toolu_x"):
        await served.client.messages.create(
            **(
                ask("")
                | {"messages": [{"role": "user", "content": [{"type": "text", "text": "SCENARIO:text"}, result]}]}
            )
        )


@pytest.mark.parametrize(("system", "skill"), [("", ""), ("Skill: tidy-up\n", " for skill tidy-up")])
async def test_what_no_scenario_plays_for_is_refused(served: Served, system: str, skill: str) -> None:
    """The refusal names the skill and the remedy in one short line, however many scenarios there are."""
    with pytest.raises(anthropic.BadRequestError) as caught:
        await served.client.messages.create(**ask("Hello.", system=system))
    told = f"no scenario plays{skill}: add one, or name one in the input (SCENARIO:text)"
    assert _message(caught.value) == f"stand-in: {told}"


@pytest.mark.parametrize(
    ("scenario", "status", "kind"),
    [
        ("auth-401", 401, "authentication_error"),
        ("billing-402", 402, "billing_error"),
        ("forbidden-403", 403, "permission_error"),
        ("rate-429", 429, "rate_limit_error"),
        ("server-500", 500, "api_error"),
        ("overloaded-529", 529, "overloaded_error"),
    ],
)
async def test_faults_have_the_vendors_shape(served: Served, scenario: str, status: int, kind: str) -> None:
    """A scripted fault has the status, error type and headers of the vendor's."""
    with pytest.raises(anthropic.APIStatusError) as caught:
        await served.client.messages.create(**ask(f"SCENARIO:{scenario}"))
    assert caught.value.status_code == status
    assert caught.value.body == {"type": "error", "error": {"type": kind, "message": _message(caught.value)}} | _id(
        caught.value
    )
    assert (caught.value.response.headers.get("retry-after") == "1") == (status == 429)


def _message(error: anthropic.APIStatusError) -> str:
    assert isinstance(error.body, dict)
    return str(error.body["error"]["message"])


def _id(error: anthropic.APIStatusError) -> dict[str, str]:
    return {"request_id": error.response.headers["request-id"]}


async def test_attempts_differ(served: Served) -> None:
    """The first request of a step may fail and the next succeed, each conversation by itself."""
    for conversation in ("one", "two"):
        more = {"tools": TOOLS, "metadata": {"user_id": conversation}}
        with pytest.raises(anthropic.RateLimitError):
            await served.client.messages.create(**ask("SCENARIO:rate-once", **more))
        reply = await served.client.messages.create(**ask("SCENARIO:rate-once", **more))
        assert reply.stop_reason == "tool_use"


async def read(served: Served, scenario: str) -> str:
    """Read a scenario's stream to its end."""
    async with served.client.messages.stream(**ask(f"SCENARIO:{scenario}")) as stream:
        return "".join([text async for text in stream.text_stream])


async def test_a_cut_stream_breaks_the_connection(served: Served) -> None:
    """A cut reply begins and then ends without its end, streamed or not."""
    with pytest.raises(httpx2.RemoteProtocolError):
        await read(served, "cut")
    with pytest.raises(anthropic.APIConnectionError):
        await served.client.messages.create(**ask("SCENARIO:cut"))


async def test_the_vendor_counts_what_it_sent(served: Served) -> None:
    """A session's count adds up whole replies by their usage, and of a reply that broke off the part that was sent."""
    session = {"metadata": {"user_id": "one"}}
    await served.put("long", "steps: [{text: One. Two. Three. Four. Five. Six. Seven. Eight. Nine., drop: true}]")
    whole = await served.client.messages.create(**ask("SCENARIO:text", **session))
    with pytest.raises(httpx2.RemoteProtocolError):
        async with served.client.messages.stream(**ask("SCENARIO:long", **session)) as stream:
            await stream.until_done()
    first, cut = [one["usage"] for one in await served.seen()]
    assert first["output_tokens"] == whole.usage.output_tokens
    assert 0 < cut["output_tokens"] < 20
    sums = (await served.http.get("/_stand-in/usage")).json()
    assert sums == {"one": {name: first[name] + cut[name] for name in first}}


async def test_the_newest_requests_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in that runs for long forgets the oldest requests, by whatever session they came."""
    monkeypatch.setattr(StandIn, "counted_requests", 2)
    async with serving(build(key=KEY)) as url, anthropic.AsyncAnthropic(api_key=KEY, base_url=url) as client:
        for session in ("one", "two", "three"):
            await client.messages.create(**ask("SCENARIO:text", metadata={"user_id": session}))
        async with httpx.AsyncClient(verify=False, base_url=url) as http:
            assert (await http.get("/_stand-in/usage")).json().keys() == {"two", "three"}


@pytest.mark.parametrize("scenario", ["hang", "stall"])
async def test_silence_lasts_until_the_client_leaves(served: Served, scenario: str) -> None:
    """A hung request is never answered, a stalled stream never goes on; that the client left is noted."""
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(read(served, scenario), 0.4)
    async with asyncio.timeout(30):
        while not (await served.seen())[-1].get("left"):
            await asyncio.sleep(0.01)


async def test_other_models_are_overloaded(served: Served) -> None:
    """`only_model` lets a scenario answer for one model and be overloaded for the others."""
    await served.put("only", {"steps": [{"text": "x", "only_model": "haiku"}]})
    with pytest.raises(anthropic.APIStatusError) as caught:
        await served.client.messages.create(**ask("SCENARIO:only"))
    assert caught.value.status_code == 529
    assert await served.client.messages.create(**(ask("SCENARIO:only") | {"model": "claude-haiku-5-5"}))


async def test_the_key_is_checked(served: Served) -> None:
    """A wrong key is 401, the right one may also come as a bearer token; neither is remembered."""
    wrong = anthropic.AsyncAnthropic(api_key="wrong", base_url=served.url, max_retries=0)
    with pytest.raises(anthropic.AuthenticationError):
        await wrong.messages.create(**ask("SCENARIO:text"))
    await wrong.close()
    async with anthropic.AsyncAnthropic(auth_token="stand-in-key", base_url=served.url) as bearer:
        assert await bearer.messages.create(**ask("SCENARIO:text"))
    assert "stand-in-key" not in str(await served.seen())


async def test_count_tokens(served: Served) -> None:
    """count_tokens gives a number without any scenario."""
    count = await served.client.messages.count_tokens(model=MODEL, messages=[{"role": "user", "content": "x" * 400}])
    assert 100 < count.input_tokens < 200
