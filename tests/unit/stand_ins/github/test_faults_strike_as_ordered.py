"""Faults, against a real server, because a dropped connection needs one."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from fixtures.serving import serving
from service_kit.errors import UpstreamError
from service_kit.http import HttpClient, Reply
from stand_ins.github.app import StandInApp

COMMENTS = "/repos/octocat/hello-world/issues/1/comments"


@pytest.fixture
async def http(github: StandInApp) -> AsyncIterator[HttpClient]:
    """Our own client against the served stand-in."""
    headers = {"Authorization": "Bearer a-token"}
    async with serving(github) as url, HttpClient(base_url=url, headers=headers, retries=0) as made:
        yield made


async def _order(http: HttpClient, **fault: Any) -> None:
    assert (await http.request("POST", "/_stand-in/faults", json=fault)).status == 204


async def _comment(http: HttpClient) -> Reply:
    return await http.request("POST", COMMENTS, json={"body": "Hello"})


async def _count(http: HttpClient) -> int:
    return len((await http.request("GET", COMMENTS)).json())


async def test_dropped_before_changes_nothing(http: HttpClient) -> None:
    """`drop_before` closes the connection without an answer, and nothing was done."""
    await _order(http, fault="drop_before", match={"method": "POST", "path_regex": "/comments$"})
    with pytest.raises(UpstreamError):
        await _comment(http)
    assert await _count(http) == 0


async def test_applied_then_dropped_has_changed(http: HttpClient) -> None:
    """`apply_then_drop` does the work and closes the connection without an answer."""
    await _order(http, fault="apply_then_drop", match={"method": "POST", "path_regex": "/comments$"})
    with pytest.raises(UpstreamError):
        await _comment(http)
    assert await _count(http) == 1


async def test_cut_reply_has_changed_too(http: HttpClient) -> None:
    """`cut` sends half of the reply: the client sees a broken one."""
    await _order(http, fault="cut", match={"method": "POST", "path_regex": "/comments$"})
    with pytest.raises(UpstreamError):
        await _comment(http)
    assert await _count(http) == 1


@pytest.mark.parametrize(
    ("fault", "status", "done"),
    [
        ({"fault": "status", "status": 502}, 502, 0),
        ({"fault": "apply_then_status", "status": 502}, 502, 1),
        ({"fault": "status", "status": 200, "body": {"message": "no"}}, 200, 0),
        ({"fault": "html", "status": 200}, 200, 0),
        ({"fault": "rate_limit"}, 403, 0),
        ({"fault": "rate_limit", "status": 429}, 429, 0),
        ({"fault": "secondary_limit", "seconds": 7}, 403, 0),
        ({"fault": "delay", "seconds": 0.01}, 201, 1),
    ],
)
async def test_answers(http: HttpClient, fault: dict[str, Any], status: int, done: int) -> None:
    """Each fault answers with its status, and has done the work or not."""
    await _order(http, match={"method": "POST"}, **fault)
    reply = await _comment(http)
    assert reply.status == status
    if fault["fault"] == "secondary_limit":
        assert reply.headers["retry-after"] == "7"
    if fault["fault"] == "html":
        assert reply.headers["content-type"].startswith("text/html")
    assert await _count(http) == done


async def test_labels_are_dropped(http: HttpClient) -> None:
    """`drop_labels` answers 200 and leaves the labels as they were."""
    await _order(http, fault="drop_labels", match={"method": "PATCH"})
    path = "/repos/octocat/hello-world/issues/1"
    reply = await http.request("PATCH", path, json={"labels": ["bug"], "title": "New"})
    assert (reply.status, reply.json()["labels"], reply.json()["title"]) == (200, [], "New")


async def test_a_fault_strikes_as_often_as_ordered(http: HttpClient) -> None:
    """After `times` strikes, and for requests that do not match, all is well again."""
    await _order(http, fault="status", status=500, times=2, match={"path_regex": "issues/1"})
    assert (await http.request("GET", "/user")).status == 200
    statuses = [(await http.request("GET", "/repos/octocat/hello-world/issues/1")).status for _ in range(3)]
    assert statuses == [500, 500, 200]


async def test_an_order_that_is_not_understood_is_refused(http: HttpClient) -> None:
    """A fault with an unknown field or kind is refused, with the place."""
    reply = await http.request("POST", "/_stand-in/faults", json={"fault": "explode"})
    assert (reply.status, reply.json()["problems"][0]["at"]) == (422, ["fault"])
