"""Over one kit each vendor keeps its own shapes: refusals, pages, bodies."""

import httpx
import pytest
from fixtures.stand_in_tracker import adf

MESSAGES = "/api/messages.list"


async def test_a_refusal_may_have_status_200(chatter: httpx.AsyncClient) -> None:
    """Chatter says no with status 200 and a word, for what it does not know and for a path without a route."""
    for path, error in ((f"{MESSAGES}?channel=C9", "channel_not_found"), ("/api/nothing", "unknown_method")):
        reply = await chatter.get(path)
        assert (reply.status_code, reply.json()) == (200, {"ok": False, "error": error})


async def test_form_bodies_are_read(chatter: httpx.AsyncClient) -> None:
    """Chatter takes a form; what was posted is found, and its state can be changed."""
    made = (await chatter.post("/api/messages.post", data={"channel": "C0001", "text": "a & b"})).json()
    asked = {"channel": "C0001", "ts": made["ts"]}
    changed = (await chatter.post("/api/messages.update", data=asked | {"state": "pinned"})).json()
    assert changed["ok"] is True
    message = (await chatter.get("/api/messages.get", params=asked)).json()["message"]
    assert (message["text"], message["state"]) == ("a & b", "pinned")


async def test_a_cursor_in_the_body_leads_to_every_row(chatter: httpx.AsyncClient) -> None:
    """Following Chatter's `next_cursor` shows each message once; an empty cursor is the end."""
    seen, cursor = [], ""
    while True:
        page = (await chatter.get(MESSAGES, params={"channel": "C0001", "limit": 2, "cursor": cursor})).json()
        seen += [one["text"] for one in page["messages"]]
        cursor = page["response_metadata"]["next_cursor"]
        assert page["has_more"] == bool(cursor)
        if not cursor:
            break
    assert seen == ["It is green again", "Is the build *red*?", "Hello"]
    wrong = await chatter.get(MESSAGES, params={"channel": "C0001", "cursor": "x"})
    assert wrong.json()["error"] == "invalid_cursor"


async def test_an_offset_leads_to_every_row(tracker: httpx.AsyncClient) -> None:
    """Following Tracker's `startAt` shows each issue once; `isLast` is the end."""
    seen, start = [], 0
    while True:
        asked = {"startAt": start, "maxResults": 2}
        page = (await tracker.get("/rest/projects/PROJ/issues", params=asked)).json()
        seen += [one["key"] for one in page["issues"]]
        start += page["maxResults"]
        if page["isLast"]:
            break
    assert (seen, page["total"]) == (["PROJ-1", "PROJ-2", "PROJ-3"], 3)


async def test_a_link_says_whether_it_leads_anywhere(tracker: httpx.AsyncClient) -> None:
    """Tracker's events always have a next link, and `results="false"` is the end."""
    first = await tracker.get("/rest/projects/PROJ/events")
    assert [one["issue"] for one in first.json()] == ["PROJ-1", "PROJ-2"]
    assert (first.links["previous"]["results"], first.links["next"]["results"]) == ("false", "true")
    second = await tracker.get(first.links["next"]["url"])
    assert [one["issue"] for one in second.json()] == ["PROJ-3"]
    assert (second.links["previous"]["results"], second.links["next"]["results"]) == ("true", "false")


async def test_a_token_in_the_body_leads_on_in_a_search(tracker: httpx.AsyncClient) -> None:
    """Tracker's search by POST finds by project and text, page by page; a query that it cannot read is quoted."""
    search = {"jql": 'project = PROJ AND text ~ "crash"', "maxResults": 1}
    first = (await tracker.post("/rest/search", json=search)).json()
    second = (await tracker.post("/rest/search", json=search | {"nextPageToken": first["nextPageToken"]})).json()
    assert [one["key"] for one in first["issues"] + second["issues"]] == ["PROJ-1", "PROJ-3"]
    assert (first["isLast"], second["isLast"], "nextPageToken" in second) == (False, True, False)
    wrong = await tracker.post("/rest/search", json={"jql": "nonsense"})
    assert (wrong.status_code, "'nonsense'" in wrong.json()["errorMessages"][0]) == (400, True)


async def test_nested_bodies_are_read(tracker: httpx.AsyncClient) -> None:
    """Tracker takes a project below `fields` and ADF text; a wrong field is named."""
    fields = {"project": {"key": "PROJ"}, "summary": "New", "description": adf("Text")}
    made = await tracker.post("/rest/issue", json={"fields": fields})
    assert (made.status_code, made.json()["key"]) == (201, "PROJ-4")
    moved = await tracker.post("/rest/issue/PROJ-4/transitions", json={"transition": {"id": "31"}})
    assert moved.status_code == 204
    read = (await tracker.get(made.json()["self"])).json()["fields"]
    assert (read["description"], read["status"]["name"]) == (adf("Text"), "Done")
    refused = await tracker.post("/rest/issue", json={"fields": fields | {"project": {"key": "NONE"}}})
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["project"])


@pytest.mark.parametrize(("header", "error"), [("Bearer wrong", "invalid_auth"), (None, "not_authed")])
async def test_a_wrong_credential_is_refused(chatter: httpx.AsyncClient, header: str | None, error: str) -> None:
    """Chatter tells a wrong token from a missing one."""
    del chatter.headers["Authorization"]
    headers = {"Authorization": header} if header else {}
    assert (await chatter.get("/api/channels.list", headers=headers)).json()["error"] == error
