"""A search is confined by qualifiers of ours, and each item of its reply is checked."""

from typing import Any
from urllib.parse import parse_qs, quote

import httpx
from agent_contracts import Grant
from vendor.github_api.house import House

HELLO = "octocat/hello-world"
TWO = Grant.model_validate({"resources": {"repositories": [HELLO, "octocat/secret-plans"]}})
ONE = Grant.model_validate({"resources": {"repositories": [HELLO]}})
ANY = Grant.model_validate({"resources": {"repositories": ["octocat/*"]}})


async def search(api: House, text: str, grant: Grant = ONE) -> httpx.Response:
    """Search, and give the reply."""
    return await api.ask("GET", f"/search/issues?q={quote(text, safe='')}", token=api.token(grant))


def sent(api: House) -> str:
    """Give the text that GitHub saw last."""
    return parse_qs(str(api.seen[-1]["query"]))["q"][0]


def owners(reply: httpx.Response) -> set[str]:
    """Give the repositories of what was found."""
    assert reply.status_code == 200, reply.text
    return {item["repository_url"].partition("/repos/")[2] for item in reply.json()["items"]}


async def test_the_scope_is_the_grants(api: House) -> None:
    """Without a choice of the caller's, all repositories of the grant are searched, and no other."""
    assert owners(await search(api, "is:issue")) == {HELLO}
    assert sent(api) == f"repo:{HELLO} is:issue"
    assert owners(await search(api, "is:issue", TWO)) == {HELLO, "octocat/secret-plans"}


async def test_the_caller_chooses_within_the_grant(api: House) -> None:
    """A whole `repo:owner/name` word is a choice; outside the grant it is refused."""
    assert owners(await search(api, f"is:issue repo:{HELLO}", TWO)) == {HELLO}
    assert owners(await search(api, f"repo:{HELLO.upper()} is:issue", ANY)) == {HELLO}
    reply = await search(api, "is:issue repo:octocat/secret-plans")
    assert (reply.status_code, reply.json()["reason"]) == (403, "resource")
    reply = await search(api, "is:issue", Grant())
    assert (reply.status_code, reply.json()["reason"]) == (403, "resource")


async def test_a_pattern_is_searched_by_its_owner(api: House) -> None:
    """`octocat/*` is confined by `user:octocat`, of the gateway's own accord and as a caller's choice."""
    for text in ("is:issue crash", "user:octocat is:issue crash"):
        assert owners(await search(api, text, ANY)) == {HELLO, "octocat/secret-plans"}
        assert sent(api) == "user:octocat is:issue crash"
    reply = await search(api, "is:issue user:octo-org", ANY)
    assert (reply.status_code, reply.json()["reason"]) == (403, "resource")


async def test_repositories_are_found_within_the_grant(api: House) -> None:
    """A search for repositories is confined as one for issues; one for people is not, as profiles are public."""
    reply = await api.ask("GET", "/search/repositories?q=greets", token=api.token(ONE))
    assert [item["full_name"] for item in reply.json()["items"]] == [HELLO]
    assert sent(api) == f"repo:{HELLO} greets"
    foreign = {"items": [{"url": f"{api.upstream_url}/repos/evil/secret", "full_name": HELLO}]}
    api.fault("status", status=200, body=foreign)
    reply = await api.ask("GET", "/search/repositories?q=greets", token=api.token(ONE))
    assert (reply.status_code, reply.json()["reason"]) == (502, "reply_foreign")
    people = await api.ask("GET", "/search/users?q=mona", token=api.token(ONE))
    assert people.json()["items"][0]["login"] == "mona-example"


async def test_ways_out_of_the_scope_are_refused(api: House) -> None:
    """Scope qualifiers in any other form, operators, parentheses and open quotes never reach GitHub."""
    for text in (
        "org:octocat", "user:octocat", "USER:octocat", "owner:octocat", "enterprise:x", "-repo:octocat/hello-world",
        'repo:"octocat/secret-plans"', "REPO:octocat/hello-world", "repo:octocat", "repo:octocat/*", "x,repo:octocat/a",
        '"a"repo:octocat/secret-plans', 'rep"o":octocat/x', "ｒｅｐｏ:octocat/secret-plans", "re\u200bpo:octocat/x",
        "repo：octocat/secret-plans", '"x user:octocat"', "team:octocat/x",
    ):  # fmt: skip
        reply = await search(api, f"is:issue {text}")
        assert reply.json().get("reason") in ("search_scope", "resource"), text
    for text in ("a OR b", "a AND b", "NOT a", "(a)", "a (b", 'an "open quote', "back\\slash", 'a\\" repo:x/y \\"'):
        reply = await search(api, f"is:issue {text}")
        assert reply.json().get("reason") in ("search_syntax", "search_scope"), text
    assert not api.seen


async def test_ordinary_words_pass(api: House) -> None:
    """Words, closed quotes, and qualifiers that only narrow."""
    for text in (
        'crash "HOME is missing"',
        "label:bug state:closed",
        "author:lin-example -label:question",
        "user or org",
    ):
        assert owners(await search(api, f"is:issue {text}")) <= {HELLO}
    assert sent(api) == f"repo:{HELLO} is:issue user or org"


async def test_what_a_person_asks_every_day_passes(api: House) -> None:
    """Qualifiers of people, reviews, checks, dates and links only narrow, and go to GitHub as they are."""
    text = "is:pr is:open author:@me review-requested:@me user-review-requested:@me review:none draft:false "
    text += "status:failure team-review-requested:octo-org/release-crew reviewed-by:@me linked:issue no:project"
    for asked in (
        text,
        'is:pr label:"a b",c -head:x base:main merged:2026-01-01..* comments:>1 involves:@me -is:locked',
    ):
        assert owners(await search(api, asked)) == set()
        assert sent(api) == f"repo:{HELLO} {asked}"


async def test_a_foreign_item_in_the_reply_is_kept_back(api: House) -> None:
    """GitHub's word is not taken for what it found: one item from outside, and the reply is refused whole."""
    items = [{"repository_url": f"{api.upstream_url}/repos/{name}"} for name in (HELLO, "evil/secret")]
    bodies: tuple[Any, ...] = (
        {"items": items},
        {"items": [{"title": "of nowhere"}]},
        {"items": [{"repository_url": f"{api.upstream_url}/x/repos/{HELLO}"}]},
        {"things": []},
        [],
    )
    for body in bodies:
        api.fault("status", status=200, body=body)
        reply = await search(api, "is:issue")
        assert (reply.status_code, reply.json()["reason"]) == (502, "reply_foreign"), body
        assert "evil" not in reply.text
    api.fault("status", status=200, body={"items": items[:1]})
    assert (await search(api, "is:issue")).status_code == 200


async def test_code_is_searched_within_the_grant(api: House) -> None:
    """A search of code has the same scope, and each file found is checked by its repository."""
    reply = await api.ask("GET", "/search/code?q=greet", token=api.token(ONE))
    assert reply.status_code == 200, reply.text
    assert {item["repository"]["full_name"] for item in reply.json()["items"]} == {HELLO}
    assert sent(api) == f"repo:{HELLO} greet"
    for text in ("Launch repo:octocat/secret-plans", "Launch user:octocat", "Launch org:octocat", "a OR b"):
        refused = await api.ask("GET", f"/search/code?q={quote(text, safe='')}", token=api.token(ONE))
        assert refused.json()["reason"] in ("resource", "search_scope", "search_syntax"), text
    api.fault("status", status=200, body={"items": [{"repository": {"url": "https://h/repos/evil/secret"}}]})
    reply = await api.ask("GET", "/search/code?q=greet", token=api.token(ONE))
    assert (reply.status_code, reply.json()["reason"]) == (502, "reply_foreign")


async def test_a_comparison_stays_in_its_repository(api: House) -> None:
    """A colon in a ref names a fork, which the grant does not hold."""
    for refs in ("main...evil:main", "evil:main...main", "main...evil%3Amain"):
        reply = await api.ask("GET", f"/repos/{HELLO}/compare/{refs}", token=api.token(ONE))
        assert (reply.status_code, reply.json()["reason"]) == (400, "path"), refs
    reply = await api.ask("GET", f"/repos/{HELLO}/compare/v2.1.0...v2.3.0", token=api.token(ONE))
    assert reply.json()["ahead_by"] == 3
