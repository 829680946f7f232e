"""The searches answer GitHub's qualifiers, and say so where they cannot."""

from dataclasses import dataclass

import httpx
import pytest
from stand_ins.github.app import StandInApp
from stand_ins.github.records import Repository
from stand_ins.github.routes.search import NOTHING_TO_SEARCH

HELLO, PLANNING = "repo:octocat/hello-world", "repo:octo-org/planning"
NO_DATE = '"soon" is not a recognized date/time format.'
NOBODY = "The listed users cannot be searched"


@pytest.fixture
def hello(github: StandInApp) -> Repository:
    """The repository octocat/hello-world, in which the token's account has work to do."""
    world = github.stand_in.world
    hello, bot = world.named("octocat/hello-world"), world.user("agent-bot")
    team = next(one for one in world.teams if one.slug == "release-crew")
    for number in (5, 6):
        assert hello.issues[number].pull is not None
    own, asked = hello.issues[5], hello.issues[6]
    own.user = bot
    assert own.pull is not None
    assert asked.pull is not None
    asked.pull.requested_reviewers.append(bot)
    own.pull.requested_teams.append(team)
    hello.issues[1].assignees.append(bot)
    hello.issues[3].locked = True
    hello.issues[4].milestone = next(iter(world.named("octo-org/planning").milestones.values()))
    world.add_comment(hello.issues[4], body="@agent-bot and @octo-org/release-crew, is this so?", user=hello.owner)
    return hello


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("is:pr is:open author:@me", {5}),
        ("is:pr -author:@me", {6, 7}),
        ("is:pr review-requested:@me", {5, 6}),
        ("is:pr user-review-requested:@me", {6}),
        ("is:pr team-review-requested:octo-org/release-crew", {5}),
        ("is:pr reviewed-by:octocat", {5}),
        ("is:pr -reviewed-by:octocat", {6, 7}),
        ("is:pr review:none", {6}),
        ("is:pr review:required", set()),
        ("is:pr review:approved", {7}),
        ("is:pr review:changes_requested", {5}),
        ("is:pr draft:true", {6}),
        ("is:pr draft:false", {5, 7}),
        ("is:pr is:draft", {6}),
        ("is:pr status:failure", {5}),
        ("is:pr status:success", set()),
        ("is:pr status:pending", set()),
        ("is:pr -status:failure", {6, 7}),
        ("is:pr head:settings", {5}),
        ("is:pr base:main", {5, 6, 7}),
        ("is:pr -base:main", set()),
        ("is:pr is:merged", {7}),
        ("is:pr is:unmerged is:open", {5, 6}),
        ("is:pr merged:2026-09-14", {7}),
        ("is:pr merged:<2026-09-14", set()),
        ("is:pr is:queued", set()),
        ("is:pr linked:issue", {5}),
        ("is:issue linked:pr", {1}),
        ("is:issue -linked:pr", {2, 3, 4}),
        ("is:issue assignee:@me", {1}),
        ("is:issue assignee:*", {1, 4}),
        ("is:issue no:assignee", {2, 3}),
        ("is:issue mentions:@me", {4}),
        ("is:issue team:octo-org/release-crew", {4}),
        ("is:issue involves:@me", {1, 4}),
        ("is:issue involves:mona-example", {2, 3, 4}),
        ("is:issue commenter:mona-example", {2, 3}),
        ("is:issue is:locked", {3}),
        ("is:issue is:unlocked", {1, 2, 4}),
        ("is:issue no:label", {1}),
        ("is:issue no:milestone", {1, 2, 3}),
        ('is:issue milestone:"second release"', {4}),
        ("is:issue no:project", {2, 3, 4}),
        ("is:issue project:octo-org/1", {1}),
        ("is:issue -project:octo-org/1", {2, 3, 4}),
        ("is:issue reason:completed", {2}),
        ('is:issue reason:"not planned"', set()),
        ('is:issue label:"area: translations","bug"', {2, 3}),
        ("is:issue label:question label:documentation", {4}),
        ("is:issue created:2026-10-01..2026-10-31", {2, 3}),
        ("is:issue created:*..2026-10-10", {2}),
        ("is:issue updated:>=2026-11-20", {4}),
        ("is:issue closed:>2026-10-01", {2}),
        ("is:issue closed:>2026-10-02T00:00:00+00:00", {2}),
        ("is:issue comments:1..2", {2, 3, 4}),
        ("is:issue comments:2..*", {2}),
        ("is:issue interactions:0", {1}),
        ("is:issue reactions:>0", set()),
        ("is:issue archived:false", {1, 2, 3, 4}),
        ("is:issue archived:true", set()),
        ("is:issue language:Python", {1, 2, 3, 4}),
        ("is:issue language:ruby", set()),
        ("is:issue HOME in:title,comments", {1, 2}),
        ("is:issue foo:bar", set()),
        ("is:issue KeyError:HOME", {1, 2}),
        ("is:issue assignee:", set()),
        ("is:issue HOME in: sort:", set()),
    ],
)
async def test_an_issue_search_answers(
    client: httpx.AsyncClient, hello: Repository, query: str, numbers: set[int]
) -> None:
    """Each qualifier gives the rows that it names; what is none of GitHub's is plain text."""
    reply = await client.get("/search/issues", params={"q": f"{HELLO} {query}"})
    assert reply.status_code == 200, reply.text
    assert {one["number"] for one in reply.json()["items"]} == numbers


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("is:issue type:bug", {4}),
        ("is:issue no:type", {1, 2, 3}),
        ("is:issue reactions:3", {4}),
        ('is:issue milestone:"Third release"', {3}),
        ("is:issue milestone:*", {2, 3}),
        ("is:issue project:octo-org/1", {2, 3}),
        ("is:pr linked:issue", {5}),
        ("is:issue linked:pr", {4}),
    ],
)
async def test_what_is_planned_is_found(client: httpx.AsyncClient, query: str, numbers: set[int]) -> None:
    """Types, milestones, projects and links of an organization's issues are found."""
    reply = await client.get("/search/issues", params={"q": f"{PLANNING} {query}"})
    assert {one["number"] for one in reply.json()["items"]} == numbers


async def test_a_branch_that_is_protected_asks_for_a_review(client: httpx.AsyncClient, hello: Repository) -> None:
    """`review:required` finds what has no verdict yet, where one is needed."""
    hello.protected.add("main")
    reply = await client.get("/search/issues", params={"q": f"{HELLO} is:pr review:required"})
    assert [one["number"] for one in reply.json()["items"]] == [6]


async def test_a_commit_is_found_by_its_id(client: httpx.AsyncClient, hello: Repository) -> None:
    """A word that is the beginning of a commit's id finds the pull requests that have the commit."""
    pull = hello.issues[6].pull
    assert pull is not None
    reply = await client.get("/search/issues", params={"q": f"is:pr {pull.head_sha[:7]}"})
    assert [one["number"] for one in reply.json()["items"]] == [6]


async def test_a_review_that_came_is_waited_for_no_more(client: httpx.AsyncClient, hello: Repository) -> None:
    """Who has reviewed is found by `reviewed-by` and no longer by `review-requested`."""
    await client.post("/repos/octocat/hello-world/pulls/6/reviews", json={"event": "APPROVE"})
    for query, numbers in (("user-review-requested:@me", []), ("reviewed-by:@me", [6]), ("review:approved", [7, 6])):
        reply = await client.get("/search/issues", params={"q": f"{HELLO} is:pr {query}"})
        assert sorted(one["number"] for one in reply.json()["items"]) == sorted(numbers), query


@pytest.mark.parametrize(
    ("params", "numbers"),
    [
        ({"q": "is:issue sort:created-asc"}, [2, 3, 4, 1]),
        ({"q": "is:issue sort:comments"}, [2, 4, 3, 1]),
        ({"q": "is:issue sort:comments-asc", "sort": "created", "order": "desc"}, [1, 4, 3, 2]),
        ({"q": "is:issue", "sort": "updated", "order": "asc"}, [2, 3, 1, 4]),
    ],
)
async def test_the_order_is_as_asked(
    client: httpx.AsyncClient, hello: Repository, params: dict[str, str], numbers: list[int]
) -> None:
    """`sort:` in the text orders as the parameter does, which goes first."""
    reply = await client.get("/search/issues", params=params | {"q": f"{HELLO} {params['q']}"})
    assert [one["number"] for one in reply.json()["items"]] == numbers


@dataclass(frozen=True)
class Refused:
    """A search that has no answer: where, what is asked, and what is told."""

    path: str
    query: str
    told: str


@pytest.mark.parametrize(
    "case",
    [
        *(
            Refused("issues", f"is:issue {query}", f"does not answer {query!r}")
            for query in (
                *("has:label", "parent-issue:a/b#1", "is:blocked", "review:maybe", "status:maybe", "draft:maybe"),
                *("no:color", "-no:label", "in:nowhere", "sort:stars", "language:klingon", "stars:>1", "comments:²"),
                *("linked:wiki", "archived:maybe", "reason:none", "state:maybe", "interactions:1..b"),
            )
        ),
        *(Refused("code", f"x {query}", f"does not answer {query!r}") for query in ("size:>9", "-repo:a/b")),
        *(Refused("code", f"x {query}", f"does not answer {query!r}") for query in ("in:air", "language:klingon")),
        *(
            Refused("repositories", f"x {query}", f"does not answer {query!r}")
            for query in ("stars:>9", "topic:cli", "fork:true", "-user:octocat", "props.a:b", "is:maybe")
        ),
        *(
            Refused("users", f"x {query}", f"does not answer {query!r}")
            for query in ("location:Oslo", "followers:>9", "type:robot", "-type:org")
        ),
        Refused("issues", "is:issue created:soon", NO_DATE),
        Refused("repositories", "created:soon", NO_DATE),
        Refused("issues", "is:pr author:nobody-of-that-name", NOBODY),
        Refused("issues", "is:pr mentions:agent", NOBODY),
        Refused("repositories", "user:@me", NOTHING_TO_SEARCH),
        Refused("issues", "is:pr review-requested:nobody-of-that-name", NOBODY),
    ],
    ids=lambda case: f"{case.path} {case.query}",
)
async def test_what_has_no_answer_is_refused(client: httpx.AsyncClient, case: Refused) -> None:
    """No search gives an empty list for what GitHub could answer: the part is named."""
    reply = await client.get(f"/search/{case.path}", params={"q": case.query})
    assert reply.status_code == 422, reply.text
    assert case.told in reply.json()["errors"][0]["message"]


async def test_nobody_is_me_without_a_token(client: httpx.AsyncClient) -> None:
    """Without a token `@me` is nobody."""
    del client.headers["Authorization"]
    reply = await client.get("/search/issues", params={"q": "is:pr author:@me"})
    assert (reply.status_code, reply.json()["errors"][0]["message"].startswith(NOBODY)) == (422, True)


async def test_graphql_searches_alike(client: httpx.AsyncClient, hello: Repository) -> None:
    """GraphQL's search knows `@me`, and names what it does not answer."""
    text = "query($q: String!) {search(query: $q, type: ISSUE, first: 9) {nodes {... on PullRequest {number}}}}"

    async def ask(query: str) -> httpx.Response:
        return await client.post("/graphql", json={"query": text, "variables": {"q": query}})

    found = (await ask(f"{HELLO} is:pr user-review-requested:@me")).json()
    assert found["data"]["search"]["nodes"] == [{"number": 6}]
    assert "does not answer 'has:label'" in (await ask("is:pr has:label")).json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("path", "query", "names"),
    [
        ("repositories", "user:octocat is:public", {"hello-world"}),
        ("repositories", "language:python", {"hello-world"}),
        ("repositories", "user:octocat archived:true", set()),
        ("repositories", "plan created:>2020-01-01", {"secret-plans", "planning"}),
        ("users", "user:octocat", {"octocat"}),
        ("users", "octo in:login type:org", {"octo-org"}),
        ("code", "greetings in:file,path extension:py", {"greet.py"}),
        ("code", "test_greet in:path", {"test_greet.py"}),
    ],
)
async def test_other_searches_answer(client: httpx.AsyncClient, path: str, query: str, names: set[str]) -> None:
    """Searches for repositories, accounts and code answer what they know of GitHub's qualifiers."""
    reply = await client.get(f"/search/{path}", params={"q": query})
    assert reply.status_code == 200, reply.text
    assert {one["name"] if "name" in one else one["login"] for one in reply.json()["items"]} == names
