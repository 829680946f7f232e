"""Several writes of one call: all are stored or shown, and a failure says what was done before it."""

from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest
from mcp_kit.call import Call
from mcp_kit.errors import DryRun, Proposed, ToolFailed
from mcp_kit.gateway import REPEAT, WRITTEN_BEFORE, apply_gateway_headers
from mcp_kit.several_writes import write_all
from service_kit.http import Reply

Write = Callable[[], Coroutine[Any, Any, None]]


def ending(*raised: Exception | None) -> tuple[list[int], list[Write]]:
    """Make writes that end so, and a list of those that were begun."""
    begun: list[int] = []

    def make(number: int, error: Exception | None) -> Write:
        async def write() -> None:
            begun.append(number)
            if error is not None:
                raise error

        return write

    return begun, [make(number, error) for number, error in enumerate(raised)]


async def test_writes_are_done_one_after_another() -> None:
    """Each write is done, in its order."""
    begun, (first, second) = ending(None, None)
    await write_all([("a was done", first), ("b was done", second)])
    assert begun == [0, 1]


async def test_a_failure_ends_them_and_says_what_was_done() -> None:
    """What follows a failure is not begun, and counted; the message names what was done, of a first failure nothing."""
    begun, writes = ending(None, ToolFailed("No."), None)
    with pytest.raises(ToolFailed) as failed:
        await write_all([(f"{number} was done", write) for number, write in enumerate(writes)])
    assert failed.value.message == "Before this failed, 0 was done. No. The write after it was not sent."
    assert begun == [0, 1]
    with pytest.raises(ToolFailed) as failed:
        await write_all([("a was done", ending(ToolFailed("No."))[1][0])])
    assert failed.value.message == "No."


async def test_each_is_stored_where_writes_are_proposed() -> None:
    """All writes are stored, and the reply names every proposal; it is decided once each is."""
    begun, writes = ending(Proposed("p1", decided=True), Proposed("p2"))
    with pytest.raises(Proposed, match=r"proposal p1, p2, and not sent\. A policy or a person decides"):
        await write_all([("a was done", write) for write in writes])
    assert begun == [0, 1]


async def test_each_is_shown_in_a_dry_run() -> None:
    """All requests are shown, with their bodies."""
    _, writes = ending(DryRun("PATCH", "/a", {}, {"x": 1}), DryRun("DELETE", "/b", {}, None))
    with pytest.raises(DryRun) as shown:
        await write_all([("a was done", write) for write in writes])
    assert shown.value.text() == 'PATCH /a\n{\n "x": 1\n}\n\nDELETE /b'


def test_a_write_that_is_left_out_takes_its_key() -> None:
    """In a repeat the writes behind it have the keys that they had; without a caller's key there is none."""
    first, repeat = Call("write", key="own"), Call("write", key="own")
    keys = [first.next_key() for _ in range(3)]
    repeat.leave_out_write()
    assert [repeat.next_key(), repeat.from_the_start().next_key()] == keys[1:]
    assert len(set(keys)) == 3
    assert Call("write").next_key() is None


def test_a_repeat_is_told_once() -> None:
    """However many writes of a call were made before, one note says so."""
    call = Call("write")
    for _ in range(2):
        apply_gateway_headers(Reply(200, httpx.Headers({REPEAT: "1"}), b"{}"), call)
    assert call.notes == [WRITTEN_BEFORE]
