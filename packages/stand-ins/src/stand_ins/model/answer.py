"""Answers a request from a step: as a stream or whole, with the faults that the step asks for."""

import asyncio
import json
import math
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from stand_ins.model.conversation import Conversation
from stand_ins.model.errors import refused
from stand_ins.model.reply import Reply, play, sse
from stand_ins.model.scenario import Step
from stand_ins.model.wire import Stream, forever


@dataclass(frozen=True)
class Turn:
    """A request and the step that answers it; `seen` is its entry in the log, `usage` what the vendor counts of it."""

    step: Step
    conversation: Conversation
    streamed: bool
    request_bytes: int
    seen: dict[str, Any]
    usage: dict[str, int]

    def left(self) -> None:
        """Note that the client left before the reply's end."""
        self.seen["left"] = True

    def count(self, reply: Reply, part: float) -> None:
        """Note what the vendor counts once a part of the reply, from 0 to 1, was written."""
        self.usage.update(reply.usage | {"output_tokens": math.ceil(reply.usage["output_tokens"] * part)})
        self.seen["usage"] = self.usage


async def answer(turn: Turn) -> Response:
    """Make the response of a turn. Raises ScenarioError, and a Refusal where the step asks for an error."""
    step = turn.step
    if step.delay:
        await asyncio.sleep(step.delay)
    if step.hang:
        return Stream(forever(), content_type="application/json", status=None, left=turn.left)
    if step.only_model is not None and step.only_model not in turn.conversation.model:
        raise refused(529, f"{turn.conversation.model} is overloaded")
    if step.status is not None:
        raise refused(step.status, step.error.message, kind=step.error.type, headers=step.headers)
    reply = play(step, turn.conversation, request_bytes=turn.request_bytes)
    if turn.streamed:
        return Stream(_events(reply, turn), headers=step.headers, cut=step.drop, left=turn.left)
    return _whole(reply, turn)


async def _events(reply: Reply, turn: Turn) -> AsyncIterator[bytes]:
    """Give the stream's bytes; a stalled or cut one ends after its first delta. What was sent is counted."""
    step, events = turn.step, list(reply.events())
    for number, event in enumerate(events, 1):
        turn.count(reply, number / len(events))
        yield sse(event)
        if event["type"] == "content_block_delta":
            if step.stall:
                async for _ in forever():
                    yield b""
            if step.drop:
                return
            if step.pause:
                await asyncio.sleep(step.pause)


def _whole(reply: Reply, turn: Turn) -> Response:
    step = turn.step
    turn.count(reply, 1)
    body = json.dumps(reply.message()).encode()
    if step.stall:
        return Stream(forever(), content_type="application/json", left=turn.left)
    if step.drop:
        return Stream(_half(body), content_type="application/json", cut=True, left=turn.left)
    headers = {"request-id": f"req_{reply.id}"} | step.headers
    return Response(body, media_type="application/json", headers=headers)


async def _half(body: bytes) -> AsyncIterator[bytes]:
    yield body[: len(body) // 2]
