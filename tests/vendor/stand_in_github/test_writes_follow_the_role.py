"""Who may do what, and what becomes of labels."""

from typing import Any

import httpx
import pytest

HELLO = "/repos/octocat/hello-world"


async def _role(client: httpx.AsyncClient, role: str) -> None:
    order = {"repository": "octocat/hello-world", "role": role}
    assert (await client.put("/_stand-in/permissions", json=order)).status_code == 204


def _labels(reply: httpx.Response) -> list[str]:
    return [one["name"] for one in reply.json()["labels"]]


async def test_push_access_makes_unknown_labels(client: httpx.AsyncClient) -> None:
    """With push access a label that does not exist is made when an issue gets it, in GitHub's default colour."""
    assert _labels(await client.patch(f"{HELLO}/issues/1", json={"labels": ["BUG", "brand new"]})) == [
        "bug",
        "brand new",
    ]
    assert (await client.get(f"{HELLO}/labels/brand%20new")).json()["color"] == "ededed"


async def test_author_without_push_access_loses_labels_silently(client: httpx.AsyncClient) -> None:
    """An issue's author who may only read changes its text, while labels and assignees are dropped without a word."""
    await _role(client, "read")
    made = await client.post(
        f"{HELLO}/issues", json={"title": "Mine", "labels": ["bug"], "assignees": ["mona-example"]}
    )
    assert (made.status_code, _labels(made), made.json()["assignees"]) == (201, [], [])
    changed = await client.patch(made.json()["url"], json={"title": "Still mine", "labels": ["bug"]})
    assert (changed.json()["title"], _labels(changed)) == ("Still mine", [])


async def test_triage_access_sets_only_labels_that_exist(client: httpx.AsyncClient) -> None:
    """With triage access an existing label is set, and an unknown one refused as unauthorized."""
    await _role(client, "triage")
    assert _labels(await client.patch(f"{HELLO}/issues/1", json={"labels": ["bug"]})) == ["bug"]
    refused = await client.patch(f"{HELLO}/issues/1", json={"labels": ["brand new"]})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (403, "unauthorized")


async def test_read_access_changes_no_other_issue(client: httpx.AsyncClient) -> None:
    """Somebody else's issue cannot be changed without triage access, but commented on."""
    await _role(client, "read")
    refused = await client.patch(f"{HELLO}/issues/1", json={"state": "closed"})
    assert (refused.status_code, refused.json()["message"]) == (403, "Must have admin rights to Repository.")
    assert (await client.post(f"{HELLO}/issues/1/comments", json={"body": "Hello"})).status_code == 201


async def test_hidden_repositories_are_404(client: httpx.AsyncClient) -> None:
    """A private repository without access looks as if it were not there, by name and by id, to read and to write."""
    hidden = (await client.get("/_stand-in/state")).json()["repositories"]["octocat/off-limits"]["id"]
    for path in ("/repos/octocat/off-limits/issues", f"/repositories/{hidden}/issues"):
        assert (await client.get(path)).status_code == 404
        assert (await client.post(path, json={"title": "x"})).status_code == 404
    assert (await client.get("/repos/octocat/secret-plans/issues/1")).status_code == 200


async def test_closing_and_opening_again(client: httpx.AsyncClient) -> None:
    """Closing notes reason, time and person; opening again clears them."""
    closed = (await client.patch(f"{HELLO}/issues/1", json={"state": "closed", "state_reason": "not_planned"})).json()
    assert (closed["state_reason"], closed["closed_by"]["login"]) == ("not_planned", "agent-bot")
    assert closed["closed_at"] is not None
    opened = (await client.patch(f"{HELLO}/issues/1", json={"state": "open"})).json()
    assert (opened["state_reason"], opened["closed_by"], opened["closed_at"]) == ("reopened", None, None)


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("issues", {}, '"title" wasn\'t supplied'),
        ("issues", {"title": "x", "labels": "bug"}, "is not an array"),
        ("issues", {"title": " "}, "Validation Failed"),
        ("issues/1/comments", {"body": None}, "is not a string"),
    ],
)
async def test_wrong_bodies_are_422(client: httpx.AsyncClient, path: str, body: Any, message: str) -> None:
    """A body that lacks a field or has a wrong one is refused and changes nothing."""
    before = (await client.get("/_stand-in/state")).json()
    reply = await client.post(f"{HELLO}/{path}", json=body)
    assert reply.status_code == 422
    assert message in reply.json()["message"]
    assert (await client.get("/_stand-in/state")).json() == before


async def test_reset_begins_anew(client: httpx.AsyncClient) -> None:
    """A reset brings back the seed, ids included."""
    before = (await client.get("/_stand-in/state")).json()
    await client.patch(f"{HELLO}/issues/1", json={"title": "Changed", "labels": ["brand new"]})
    await client.post("/_stand-in/reset")
    after = (await client.get("/_stand-in/state")).json()
    assert after == before
    assert (await client.get("/user")).status_code == 200
