"""A search without a repository covers the caller's grant, and says what it could not see."""

import re
from typing import Any
from urllib.parse import parse_qs

import pytest
from fastmcp import Client
from mcp_kit.caller import Caller
from service_kit.grants import Bound
from stand_ins.github.seed import DescribedIssue, DescribedPull, DescribedRepository, add_pull, add_repository
from vendor.github_mcp.conftest import HELLO, READER, Ask, GitHub, OpenTools, Said, said

SECRET = "octocat/secret-plans"
MANY = [f"octo-org/service-number-{number:02}" for number in range(20)]


def run(*repositories: str) -> Caller:
    """Return a caller with a grant for these."""
    return Caller("run", Bound(resources={"repositories": list(repositories)}), token="t")


def texts(github: GitHub) -> list[str]:
    """Give the search texts that GitHub saw."""
    return [parse_qs(one["query"])["q"][0] for one in github.app.controls.log.entries if "/search/" in one["path"]]


def found(answer: Said) -> list[str]:
    """Give the issues of a reply, as owner/name#number."""
    return re.findall(r"(?m)^([\w./-]+#\d+) ", answer.text)


async def search(client: Client[Any], **arguments: Any) -> Said:
    """Search issues."""
    return said(await client.call_tool_mcp("search_issues", arguments))


@pytest.fixture
def many(github: GitHub) -> GitHub:
    """The stand-in with twenty repositories more, an issue in each."""
    for name in MANY:
        issue = DescribedIssue(title=f"Outage of {name}", user="lin-example")
        add_repository(github.app.stand_in.world, DescribedRepository(full_name=name, issues=[issue]), "agent-bot")
    return github


async def test_the_owner_searches_all_that_the_token_sees(ask: Ask, github: GitHub) -> None:
    """A trusted caller's text goes as it is, with qualifiers and operators; each row names its repository."""
    answer = await ask("search_issues", query="crash HOME")
    assert {f"{HELLO}#1", f"{SECRET}#1"} <= set(found(answer))
    assert "found in all that the token sees:" in answer.text
    await ask("search_issues", query=f"repo:{HELLO} cron OR container")
    assert texts(github) == ["is:issue crash HOME", f"is:issue repo:{HELLO} cron OR container"]


async def test_a_run_searches_its_grant(open_tools: OpenTools, github: GitHub) -> None:
    """Every repository of the grant is searched, none besides, and a choice within it narrows."""
    client = await open_tools(run(HELLO, "octo-org/planning"))
    answer = await search(client, query="is:open languages")
    assert set(found(answer)) >= {"octo-org/planning#1", "octo-org/planning#4"}
    await search(client, query=f"repo:{HELLO} languages")
    assert texts(github) == [
        f"repo:{HELLO} repo:octo-org/planning is:issue is:open languages",
        f"repo:{HELLO} is:issue languages",
    ]
    for query in (f"repo:{SECRET} x", "user:octocat x", "org:octocat x", "a OR b", "-repo:octocat/x"):
        assert (await search(client, query=query)).is_error, query
    assert len(texts(github)) == 2


async def test_a_pattern_becomes_its_owner(open_tools: OpenTools, github: GitHub) -> None:
    """`octocat/*` is all that a user or an organization has; what it covers is not named twice; `*/*` is everything."""
    client = await open_tools(run("octocat/*", HELLO, "octo-org/planning"))
    assert f"{SECRET}#1" in found(await search(client, query="crash"))
    everything = await open_tools(run("*/*", HELLO))
    await search(everything, query="crash")
    assert texts(github) == ["user:octocat repo:octo-org/planning is:issue crash", "is:issue crash"]


async def test_what_no_search_can_name_is_told(open_tools: OpenTools) -> None:
    """A pattern of any owner is left out, which is said; with nothing else the search is refused."""
    mixed = await search(await open_tools(run("*/planning", HELLO)), query="crash")
    assert "No search can be confined to */planning of the grant: name a repository." in mixed.text
    alone = await search(await open_tools(run("*/planning")), query="crash")
    assert alone.is_error
    assert "nothing was sent" in alone.text


async def test_many_repositories_take_several_requests(open_tools: OpenTools, many: GitHub) -> None:
    """No text is longer than GitHub takes it, each repository is searched once, and nothing comes twice or is lost."""
    client = await open_tools(run(*MANY))
    seen: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(10):
        answer = await search(client, query="outage", limit=7, **cursor)
        assert not answer.is_error, answer.text
        seen += found(answer)
        after = re.search(r"next_cursor: (\S+)", answer.text)
        if after is None:
            break
        cursor = {"cursor": after[1]}
    assert sorted(seen) == [f"{name}#1" for name in MANY]
    assert max(map(len, texts(many))) <= 256
    assert {name for text in texts(many) for name in re.findall(r"repo:(\S+)", text)} == set(MANY)


async def test_what_was_not_yet_searched_is_told(open_tools: OpenTools, many: GitHub) -> None:
    """A reply that its limit ended early counts what was searched, and names what waits."""
    answer = await search(await open_tools(run(*MANY)), query="outage", limit=3)
    assert re.match(r"3 of \d+ issues found in 20 repositories and owners of the grant:", answer.text)
    assert "Not yet searched: octo-org/" in answer.text


async def test_what_the_token_may_not_see_is_told(open_tools: OpenTools, many: GitHub) -> None:
    """Where GitHub refuses one of several texts, the others answer, and its repositories are named."""
    hidden = [f"nobody-anywhere/a-repository-that-is-not-there-{number}" for number in range(8)]
    answer = await search(await open_tools(run(*hidden, HELLO)), query="crash", limit=50)
    assert f"{HELLO}#1" in found(answer)
    assert "GitHub refused to search nobody-anywhere/" in answer.text
    alone = await search(await open_tools(run(*hidden)), query="crash")
    assert alone.is_error


async def test_pull_requests_are_found_by_the_same_tool(ask: Ask) -> None:
    """The peer's tool for pull requests is this one with its kind."""
    answer = await ask("search_issues", query="is:open languages", kind="pull-request")
    assert "octo-org/planning#5" in found(answer)
    named = await ask("search_pull_requests", query="is:open languages")
    assert found(named) == found(answer)


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        *((f"{word} languages", "pull-request") for word in ("is:pr", "type:pr", "-is:issue")),
        *((f"{word}languages", "issue") for word in ("", "is:issue ", "-is:pr ")),
    ],
)
async def test_the_querys_own_kind_holds(ask: Ask, github: GitHub, query: str, kind: str) -> None:
    """`is:pr` in the query asks for pull requests; without a word of it issues are searched."""
    await ask("search_issues", query=query, repository=HELLO)
    sent = texts(github)[-1]
    assert sent == f"repo:{HELLO} is:{kind} languages"
    against = await ask("search_issues", query="is:pr languages", repository=HELLO, kind="issue")
    assert (against.is_error, "a call of its own" in against.text) == (True, True)


@pytest.mark.parametrize("repository", [None, HELLO])
@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("is:pr is:open author:@me", [8]),
        ("is:pr is:open review-requested:@me", [6]),
        ("is:pr is:open user-review-requested:@me draft:true", [6]),
        ("is:pr review:approved reviewed-by:mona-example", [7]),
        ("is:pr review:changes_requested", [5]),
        ("is:pr is:open review:none -author:kim-example", [8]),
        ("is:pr is:open status:failure", [5]),
        ("is:pr is:merged merged:>=2026-09-01", [7]),
        ("is:pr base:main head:settings linked:issue", [5]),
        ("is:issue linked:pr no:assignee comments:0", [1]),
        ('is:issue label:"area: translations",bug involves:mona-example', [3, 2]),
        ("is:issue is:closed reason:completed closed:2026-10-01..2026-10-31", [2]),
    ],
)
async def test_everyday_qualifiers_find_the_rows(
    open_tools: OpenTools, github: GitHub, query: str, numbers: list[int], repository: str | None
) -> None:
    """With a grant, qualifiers that only narrow pass as they are, and `@me` is the account of the token."""
    world, hello = github.app.stand_in.world, github.hello
    asked = hello.issues[6].pull
    assert asked is not None
    asked.requested_reviewers.append(world.user("agent-bot"))
    own = DescribedPull(title="Say hello twice", user="agent-bot", head="twice")
    add_pull(world, hello, own)
    client = await open_tools(run(HELLO))
    answer = await search(client, query=query, **({"repository": repository} if repository else {}))
    assert not answer.is_error, answer.text
    assert re.findall(r"(?m)^(?:[\w./-]+)?#(\d+) ", answer.text) == [str(one) for one in numbers], answer.text


async def test_me_is_the_account_of_the_token(ask: Ask, open_tools: OpenTools, github: GitHub) -> None:
    """The same words find for each token what its own account opened."""
    for login in ("agent-bot", "somebody-else"):
        add_pull(github.app.stand_in.world, github.hello, DescribedPull(title="Mine", user=login, head=f"of-{login}"))
    assert found(await ask("search_issues", query="is:pr is:open author:@me")) == [f"{HELLO}#8"]
    other = await open_tools(GITHUB_TOKEN=READER)
    assert found(await search(other, query="is:pr is:open author:@me")) == [f"{HELLO}#9"]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("has:label", "does not answer 'has:label'"),
        ("author:nobody-of-that-name", "users do not exist"),
        ("created:soon", "not a recognized date/time format"),
    ],
)
async def test_what_github_refuses_is_no_empty_list(open_tools: OpenTools, query: str, told: str) -> None:
    """A query that has no answer is an error that names the part."""
    answer = await search(await open_tools(run(HELLO)), query=query)
    assert (answer.is_error, told in answer.text) == (True, True), answer.text


async def test_repositories_are_found_within_the_grant(ask: Ask, open_tools: OpenTools) -> None:
    """A trusted caller finds all that the token sees, a run what its grant covers."""
    answer = await ask("search_repositories", query="plan")
    assert "octocat/secret-plans private" in answer.text
    assert "octo-org/planning, 4 open issues and pull requests" in answer.text
    client = await open_tools(run("octo-org/*"))
    bound = said(await client.call_tool_mcp("search_repositories", {"query": "plan"}))
    assert "octo-org/planning" in bound.text
    assert "secret-plans" not in bound.text


async def test_code_is_found_within_the_grant(ask: Ask, open_tools: OpenTools, github: GitHub) -> None:
    """Without a repository all of a grant is searched; each file names its own, and what was not seen is told."""
    github.app.stand_in.world.named("octo-org/planning").files["notes/greetings.md"] = b"greetings for everybody\n"
    answer = await ask("search_code", query="greetings")
    assert answer.text.startswith("2 of 2 files found in all that the token sees:")
    assert '\nocto-org/planning "notes/greetings.md"\n  | greetings for everybody' in answer.text
    client = await open_tools(run("octo-org/*", "*/planning"))
    bound = said(await client.call_tool_mcp("search_code", {"query": "greetings"}))
    assert bound.text.startswith("1 of 1 files found in octo-org/*:")
    assert "No search can be confined to */planning" in bound.text
    assert "hello-world" not in bound.text
    for query in (f"repo:{SECRET} x", "user:octocat x", "a OR b"):
        assert said(await client.call_tool_mcp("search_code", {"query": query})).is_error, query
    assert texts(github) == ["greetings", "user:octo-org greetings"]
    named = said(await client.call_tool_mcp("search_code", {"query": "greetings", "repository": SECRET}))
    assert (named.is_error, "grant" in named.text) == (True, True)


async def test_many_repositories_code_takes_few_requests(open_tools: OpenTools, many: GitHub) -> None:
    """GitHub takes few searches of code a minute: one call makes three, and the rest waits for the cursor."""
    rest = [f"octo-org/another-service-number-{number:02}" for number in range(40)]
    for name in rest:
        add_repository(many.app.stand_in.world, DescribedRepository(full_name=name), "agent-bot")
    answer = said(
        await (await open_tools(run(*MANY, *rest))).call_tool_mcp("search_code", {"query": "outage", "limit": 50})
    )
    assert len(texts(many)) == 3
    assert ("Not yet searched: octo-org/" in answer.text, "next_cursor: " in answer.text) == (True, True)


async def test_people_are_found(ask: Ask) -> None:
    """Accounts are found by what is public of them; an organization is marked."""
    answer = await ask("search_users", query="mona")
    assert "mona-example" in answer.text
    assert 'octo-org ("Organization")' in (await ask("search_users", query="octo type:org")).text


async def test_a_query_that_is_too_long_is_measured_in_characters(ask: Ask) -> None:
    """The error names the argument, and the bound in what it has."""
    answer = await ask("search_issues", query="x" * 201)
    assert "query: Value should have at most 200 characters" in answer.text
