"""What a gateway confines a search to: the caller's choice within the grant, or all that the grant names."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from agent_contracts import Grant
from agent_vendors.github import REPOSITORIES
from agent_vendors.search_grammar import JqlGrammar, QualifierGrammar
from api_kit import Body, Json, Refusal, Route, Search, Table
from api_kit.policy import scoped
from asyncpg import Pool
from core.api_kit.toy import toy
from fixtures.resource_kinds import PROJECTS

WORDS = Search(QualifierGrammar("repo", frozenset({"repo", "org"})), "q", REPOSITORIES)
JQL = Search(JqlGrammar(), "jql", PROJECTS, "body")
GRANT = Grant(resources={"repositories": ["octo/one", "octo/two"], "projects": ["OPS"]})
PATTERN = Grant(resources={"repositories": ["octo/*"], "projects": ["*"]})


def test_the_scope_is_the_choice_or_the_grant() -> None:
    """A choice is compared as the vendor compares names; without one all that the grant names is searched."""
    assert scoped(WORDS, GRANT, "x") == ("repo:octo/one repo:octo/two x", ["octo/one", "octo/two"])
    assert scoped(WORDS, PATTERN, "x repo:Octo/One") == ("repo:Octo/One x", ["Octo/One"])
    assert scoped(JQL, GRANT, "a = b") == ('project in ("OPS") AND (a = b)', ["OPS"])


@pytest.mark.parametrize(
    ("search", "grant", "text", "reason"),
    [
        (WORDS, GRANT, "repo:evil/x", "resource"),
        (WORDS, PATTERN, "repo:evil/x", "resource"),
        (WORDS, PATTERN, "repo:octo/one/two", "resource"),
        (WORDS, PATTERN, "x", "search_choice"),
        (WORDS, Grant(), "x", "resource"),
        (WORDS, GRANT, "org:evil", "search_scope"),
        (WORDS, GRANT, "a OR b", "search_syntax"),
        (JQL, GRANT, "project = SECRET AND a = b", "resource"),
        (JQL, PATTERN, "a = b", "search_choice"),
        (JQL, GRANT, "a = b) OR (c = d", "search_syntax"),
    ],
)
def test_what_leaves_the_grant_is_refused(search: Search, grant: Grant, text: str, reason: str) -> None:
    """Each refusal has its reason, and says what to do."""
    with pytest.raises(Refusal) as refused:
        scoped(search, grant, text)
    assert refused.value.reason == reason
    assert refused.value.remedy


QUALIFIERS = QualifierGrammar("project", frozenset({"project"}))
SEARCHES = Table(
    [
        Route("GET", "/find", query=frozenset({"q", "page"}), search=Search(QUALIFIERS, "q", PROJECTS),
              reply_resources=lambda reply: []),
        Route("POST", "/find", body=Body(frozenset({"q"}), bare_list=True),
              search=Search(QUALIFIERS, "q", PROJECTS, "body"), reply_resources=lambda reply: []),
        Route("POST", "/jql", body=Body(frozenset({"filter", "size"})),
              search=Search(JqlGrammar(), "filter.jql", PROJECTS, "body"), reply_resources=lambda reply: []),
    ]
)  # fmt: skip
SCOPE = 'project in ("OPS")'


@pytest.mark.parametrize(
    ("path", "body", "sent"),
    [
        ("/find", {}, {"q": "project:OPS"}),
        ("/find", {"q": "crash"}, {"q": "project:OPS crash"}),
        ("/jql", {}, {"filter": {"jql": SCOPE}}),
        ("/jql", {"size": 5, "filter": None}, {"size": 5, "filter": {"jql": SCOPE}}),
        ("/jql", {"filter": {"by": 1, "jql": None}}, {"filter": {"by": 1, "jql": SCOPE}}),
        ("/jql", {"filter": {"jql": "a = b"}}, {"filter": {"jql": f"{SCOPE} AND (a = b)"}}),
    ],
)
async def test_the_scope_is_where_the_vendor_reads_it(
    tmp_path: Path, pool: Pool, path: str, body: Json, sent: Json
) -> None:
    """Whatever the caller left out, the scope is sent at the place of the search's text in the body."""
    async with toy(tmp_path, pool, GRANT, table=SEARCHES) as api:
        api.vendor.says([])
        assert (await api.client.post(path, json=body)).status_code == 200
        assert [json.loads(one) for one in api.vendor.bodies] == [sent]


async def test_a_query_without_a_text_is_scoped(tmp_path: Path, pool: Pool) -> None:
    """A search in the query gets its scope, with a text of the caller and without one."""
    async with toy(tmp_path, pool, GRANT, table=SEARCHES) as api:
        for asked in ("page=2", "page=2&q=crash"):
            api.vendor.says([])
            assert (await api.client.get(f"/find?{asked}")).status_code == 200
        scope = "GET /rest/v1/find?page=2&q=project%3AOPS"
        assert api.vendor.seen == [scope, f"{scope}%20crash"]


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        ("/jql", {"filter": "jql"}, "body"),
        ("/jql", {"filter": [{"jql": "a = b"}]}, "body"),
        ("/jql", {"filter": {"jql": ["a = b"]}}, "search_syntax"),
        ("/find", ["project:OPS"], "body"),
    ],
)
async def test_a_scope_that_cannot_be_set_is_refused(
    tmp_path: Path, pool: Pool, path: str, body: Json, reason: str
) -> None:
    """A body of another shape than the search's has no place for the scope, and is not sent."""
    async with toy(tmp_path, pool, GRANT, table=SEARCHES) as api:
        reply = await api.client.post(path, json=body)
        assert (reply.status_code, reply.json()["reason"], api.vendor.seen) == (400, reason, [])


def test_a_search_is_in_one_value_that_the_route_takes() -> None:
    """A text that the route does not take, or takes several times, could be added and not read."""
    in_query, _, in_body = SEARCHES.routes
    for route in (
        replace(in_query, query=frozenset({"page"})),
        replace(in_query, several=frozenset({"q"})),
        replace(in_body, body=Body(frozenset({"size"}))),
        replace(in_body, body=None),
    ):
        with pytest.raises(ValueError, match="text of its search"):
            Table([route])
