"""What belongs to an account is shown to it as at GitHub: its notifications, and its secret gists."""

import httpx
from stand_ins.github.app import StandInApp
from stand_ins.github.seed_personal import OWN, PUBLIC


async def test_a_secret_gist_is_listed_to_its_owner_alone(client: httpx.AsyncClient, github: StandInApp) -> None:
    """Another account is not shown a secret gist in a list, reads it by its id, and may not change it."""
    listed = "/users/agent-bot/gists"
    assert [one["id"] for one in (await client.get(listed)).json()] == [OWN]
    github.stand_in.world.add_token("other", "mona-example")
    client.headers["Authorization"] = "Bearer other"
    assert (await client.get(listed)).json() == []
    assert [one["id"] for one in (await client.get("/gists")).json()] == [PUBLIC]
    assert (await client.get(f"/gists/{OWN}")).status_code == 200
    assert (await client.patch(f"/gists/{OWN}", json={"description": "Mine"})).status_code == 404


async def test_files_of_a_gist_are_written_renamed_and_removed(client: httpx.AsyncClient) -> None:
    """A file that is null goes, one with another name moves; a blank one is refused, and so is a gist of no file."""
    path = f"/gists/{OWN}"
    renamed = await client.patch(path, json={"files": {"notes.md": {"filename": "old.md"}, "a.txt": {"content": "A"}}})
    assert list(renamed.json()["files"]) == ["old.md", "a.txt"]
    assert list((await client.patch(path, json={"files": {"old.md": None}})).json()["files"]) == ["a.txt"]
    for files in ({"a.txt": None}, {"b.txt": {"content": " "}}):
        assert (await client.patch(path, json={"files": files})).status_code == 422
    assert list((await client.get(path)).json()["files"]) == ["a.txt"]


async def test_an_account_sees_its_own_notifications(client: httpx.AsyncClient, github: StandInApp) -> None:
    """Another account has none; what is done is gone, what is read is listed where all are asked for."""
    first, second, *_ = (await client.get("/notifications")).json()
    assert (await client.patch(first["url"])).status_code == 205
    assert (await client.delete(second["url"])).status_code == 204
    shown = (await client.get("/notifications?all=true")).json()
    assert [one["unread"] for one in shown] == [False, True, False]
    assert second["id"] not in {one["id"] for one in shown}
    github.stand_in.world.add_token("other", "mona-example")
    client.headers["Authorization"] = "Bearer other"
    assert (await client.get("/notifications")).json() == []
    assert (await client.get(first["url"])).status_code == 404


async def test_an_app_has_neither(client: httpx.AsyncClient, github: StandInApp) -> None:
    """GitHub refuses both to an App's token."""
    for token in github.stand_in.world.tokens.values():
        token.installation = True
    for path in ("/notifications", "/gists", "/repos/octocat/hello-world/subscription"):
        assert (await client.get(path)).status_code == 403
