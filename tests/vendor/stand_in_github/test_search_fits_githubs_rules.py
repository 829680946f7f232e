"""The issue search."""

import httpx
import pytest

HELLO = "repo:octocat/hello-world"
SECRET = "repo:octocat/secret-plans"


async def _found(client: httpx.AsyncClient, query: str) -> list[str]:
    reply = await client.get("/search/issues", params={"q": query, "advanced_search": "true"})
    assert reply.status_code == 200, reply.text
    items = reply.json()["items"]
    assert reply.json()["total_count"] == len(items)
    return [f"{one['repository_url'].rpartition('/')[2]}#{one['number']}" for one in items]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        (f"{HELLO} is:issue", {1, 2, 3, 4}),
        (f"{HELLO} is:pr", {5, 6, 7}),
        (f"{HELLO} is:issue is:open", {1, 3, 4}),
        (f"{HELLO} is:issue state:closed", {2}),
        (f"{HELLO} is:issue KeyError HOME", {1, 2}),
        (f'{HELLO} is:issue "python versions are supported"', {4}),
        (f"{HELLO} is:issue in:title crash", {1}),
        (f"{HELLO} is:issue label:bug", {2}),
        (f"{HELLO} is:issue -label:bug no:assignee", {1, 3}),
        (f'{HELLO} is:issue label:"area: translations"', {3}),
        (f"{HELLO} is:issue label:question label:documentation", {4}),
        (f"{HELLO} is:issue label:question,bug", {2, 4}),
        (f"{HELLO} is:issue author:lin-example", {1}),
        (f"{HELLO} is:issue language OR supported", {3, 4}),
        (f"{HELLO} is:issue (language OR supported) NOT LANG", {4}),
        (f"{HELLO} is:issue created:>=2026-11-01", {1, 4}),
        (f"{HELLO} is:issue created:2026-10-01..2026-10-31 comments:>1", {2}),
        (f"{HELLO} is:issue nonsenseword", set()),
    ],
)
async def test_qualifiers(client: httpx.AsyncClient, query: str, numbers: set[int]) -> None:
    """Each qualifier narrows as GitHub's does."""
    assert set(await _found(client, query)) == {f"hello-world#{one}" for one in numbers}


async def test_several_repositories_are_a_union(client: httpx.AsyncClient) -> None:
    """Two `repo:` qualifiers search both repositories, and nothing beyond them."""
    found = await _found(client, f"{HELLO} {SECRET} is:issue HOME")
    assert set(found) == {"hello-world#1", "hello-world#2", "secret-plans#1"}


async def test_without_a_repository_all_readable_ones_are_searched(client: httpx.AsyncClient) -> None:
    """The token's private repository is searched too; one that it may not read never is."""
    assert "secret-plans#1" in await _found(client, "is:issue crash")
    assert not any(one.startswith("off-limits") for one in await _found(client, "is:issue crash"))
    del client.headers["Authorization"]
    assert "secret-plans#1" not in await _found(client, "is:issue crash")


@pytest.mark.parametrize(
    "query",
    [
        "",
        "crash",
        "is:issue repo:octocat/off-limits",
        "is:issue (crash",
        "is:issue crash)",
        f"is:issue {'x' * 300}",
        "is:issue a OR b OR c OR d OR e OR f OR g",
    ],
)
async def test_wrong_queries_are_422(client: httpx.AsyncClient, query: str) -> None:
    """A query that is empty, unbalanced, oversized, without a kind, or only about what is hidden is refused."""
    reply = await client.get("/search/issues", params={"q": query})
    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, "q")
