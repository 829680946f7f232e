"""Pages and the links between them."""

import httpx

ISSUES = "/repos/octocat/hello-world/issues"


async def test_links_go_by_id_and_are_served(client: httpx.AsyncClient) -> None:
    """A link is absolute, names the repository by its id, keeps the caller's query, and works."""
    first = await client.get(f"{ISSUES}?state=all&per_page=4")
    wanted = "http://github.test/repositories/730001/issues?state=all&per_page=4&page=2"
    assert first.links["next"]["url"] == first.links["last"]["url"] == wanted
    second = await client.get(wanted)
    assert set(second.links) == {"prev", "first"}
    numbers = [one["number"] for one in first.json() + second.json()]
    assert sorted(numbers) == [1, 2, 3, 4, 5, 6, 7]


async def test_one_page_has_no_links(client: httpx.AsyncClient) -> None:
    """Where all rows fit on one page there is no Link header."""
    assert "link" not in (await client.get(f"{ISSUES}?state=all")).headers


async def test_files_of_a_pull_request_are_cut_at_thirty(client: httpx.AsyncClient) -> None:
    """Without per_page a page has 30 rows, and its links tell that there are more."""
    reply = await client.get("/repos/octocat/hello-world/pulls/6/files")
    assert len(reply.json()) == 30
    assert "next" in reply.links
