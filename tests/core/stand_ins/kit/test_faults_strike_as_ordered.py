"""Faults, against a real server, because a dropped connection needs one."""

from typing import Any

import httpx
import pytest

CHANNEL = {"channel": "C0001"}


async def _order(client: httpx.AsyncClient, **fault: Any) -> None:
    assert (await client.post("/_stand-in/faults", json=fault)).status_code == 204


async def _post(client: httpx.AsyncClient) -> httpx.Response:
    return await client.post("/api/messages.post", data=CHANNEL | {"text": "New"})


async def _posted(client: httpx.AsyncClient) -> int:
    return len((await client.get("/api/messages.list", params=CHANNEL)).json()["messages"]) - 3


@pytest.mark.parametrize(("fault", "done"), [("drop_before", 0), ("apply_then_drop", 1), ("cut", 1)])
async def test_a_broken_reply_may_have_done_its_work(chatter: httpx.AsyncClient, fault: str, done: int) -> None:
    """`drop_before` does nothing; `apply_then_drop` and `cut` do the work, and the client sees a broken reply."""
    await _order(chatter, fault=fault, match={"method": "POST", "path_regex": "post$"})
    with pytest.raises(httpx.RemoteProtocolError):
        await _post(chatter)
    assert await _posted(chatter) == done


@pytest.mark.parametrize(
    ("fault", "status", "error", "done"),
    [
        ({"fault": "status", "status": 503}, 503, "internal_error", 0),
        ({"fault": "apply_then_status"}, 502, "internal_error", 1),
        ({"fault": "status", "status": 200, "body": {"error": "no"}}, 200, "no", 0),
        ({"fault": "rate_limit", "seconds": 7}, 429, "ratelimited", 0),
        ({"fault": "rate_limit", "status": 200}, 200, "ratelimited", 0),
        ({"fault": "delay", "seconds": 0.01}, 200, None, 1),
    ],
)
async def test_a_fault_answers_in_the_vendors_words(
    chatter: httpx.AsyncClient, fault: dict[str, Any], status: int, error: str | None, done: int
) -> None:
    """Each fault answers with its status and the vendor's refusal, and has done the work or not."""
    await _order(chatter, match={"method": "POST"}, **fault)
    reply = await _post(chatter)
    assert (reply.status_code, reply.json().get("error")) == (status, error)
    if error == "ratelimited":
        assert int(reply.headers["retry-after"]) == fault.get("seconds", 1)
    assert await _posted(chatter) == done


async def test_a_page_comes_where_json_is_expected(chatter: httpx.AsyncClient) -> None:
    """`html` answers with a page."""
    await _order(chatter, fault="html", status=200)
    reply = await _post(chatter)
    assert (reply.status_code, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")


async def test_a_fault_strikes_as_often_as_ordered(tracker: httpx.AsyncClient) -> None:
    """After `times` strikes, and for requests that do not match, all is well again."""
    await _order(tracker, fault="status", status=500, times=2, match={"path_regex": "issue/PROJ-1"})
    assert (await tracker.get("/rest/issue/PROJ-2")).status_code == 200
    assert [(await tracker.get("/rest/issue/PROJ-1")).status_code for _ in range(3)] == [500, 500, 200]


async def test_orders_can_be_seen_and_taken_back(tracker: httpx.AsyncClient) -> None:
    """What has yet to strike is listed, until all is taken back."""
    await _order(tracker, fault="html")
    assert [one["fault"] for one in (await tracker.get("/_stand-in/faults")).json()] == ["html"]
    await tracker.delete("/_stand-in/faults")
    assert (await tracker.get("/_stand-in/faults")).json() == []


@pytest.mark.parametrize(("order", "at"), [({"fault": "explode"}, ["fault"]), ({"fault": "cut", "x": 1}, ["x"])])
async def test_an_order_that_is_not_understood_is_refused(
    tracker: httpx.AsyncClient, order: dict[str, Any], at: list[str]
) -> None:
    """A fault with an unknown field or kind is refused, with the place."""
    reply = await tracker.post("/_stand-in/faults", json=order)
    assert (reply.status_code, reply.json()["problems"][0]["at"]) == (422, at)
