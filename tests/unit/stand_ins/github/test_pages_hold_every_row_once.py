"""Pages and the links between them."""

import httpx
from hypothesis import given
from hypothesis import strategies as st
from stand_ins.github.app import StandInApp
from stand_ins.github.paging import cut, links

ISSUES = "/repos/octocat/hello-world/issues"


@given(count=st.integers(0, 120), per_page=st.integers(1, 150))
def test_following_next_visits_every_row_once(count: int, per_page: int) -> None:
    """Whatever the page size, the pages that `next` leads to hold each row once, in order, at most 100 each."""
    rows, page = list(range(count)), 1
    seen: list[int] = []
    while True:
        found = cut(rows, [("per_page", str(per_page)), ("page", str(page))])
        assert len(found.rows) <= min(per_page, 100)
        seen += found.rows
        assert links(found).get("last", page) * min(per_page, 100) >= count
        if "next" not in links(found):
            break
        page = links(found)["next"]
    assert seen == rows


async def test_links_go_by_id_and_are_served(client: httpx.AsyncClient, github: StandInApp) -> None:
    """A link is absolute, names the repository by its id, keeps the caller's query, and works."""
    first = await client.get(f"{ISSUES}?state=all&per_page=4")
    wanted = "http://github.test/repositories/730001/issues?state=all&per_page=4&page=2"
    assert first.links["next"]["url"] == first.links["last"]["url"] == wanted
    second = await client.get(wanted)
    assert set(second.links) == {"prev", "first"}
    numbers = [one["number"] for one in first.json() + second.json()]
    assert sorted(numbers) == [1, 2, 3, 4, 5, 6]


async def test_one_page_has_no_links(client: httpx.AsyncClient) -> None:
    """Where all rows fit on one page there is no Link header."""
    assert "link" not in (await client.get(f"{ISSUES}?state=all")).headers


async def test_files_of_a_pull_request_are_cut_at_thirty(client: httpx.AsyncClient) -> None:
    """Without per_page a page has 30 rows, and its links tell that there are more."""
    reply = await client.get("/repos/octocat/hello-world/pulls/6/files")
    assert len(reply.json()) == 30
    assert "next" in reply.links
