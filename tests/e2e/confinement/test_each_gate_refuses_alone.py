"""A tool, repository, encoded path or route outside the grant, by raw HTTP: each gate refuses it without the other."""

from typing import Any

import pytest
from e2e.confinement.gates import GRANT, INSIDE, OUTSIDE, ask, at_gateway, call_tool, heard, sign
from fixtures.house import RunningHouse

ISSUE = f"/repos/{INSIDE}/issues/1"
UP = "..%2f..%2f..%2f..%2frepos%2foctocat%2fsecret-plans%2fcontents%2fREADME.md"


@pytest.mark.parametrize(
    ("tool", "arguments", "says"),
    [
        ("add_issue_comment", {"repository": INSIDE, "issue": 1, "body": "x"}, "There is no tool 'add_issue_comment'"),
        ("get_file_contents", {"repository": INSIDE, "path": "README.md"}, "There is no tool 'get_file_contents'"),
        ("erase_everything", {}, "There is no tool 'erase_everything'"),
        ("issue_read", {"repository": OUTSIDE, "issue": 1}, "outside this caller's grant"),
        ("issue_write", {"repository": OUTSIDE, "method": "update", "issue": 1, "state": "closed"}, "outside this"),
        ("issue_read", {"repository": "octocat/*", "issue": 1}, "owner/name"),
        ("issue_read", {"repository": f"{INSIDE}/../secret-plans", "issue": 1}, "owner/name"),
        ("issue_read", {"repository": "octocat/..", "issue": 1}, "owner/name"),
        ("issue_read", {"repository": "octocat%2fsecret-plans", "issue": 1}, "owner/name"),
        ("issue_read", {"repository": INSIDE, "issue": "1/../../../secret-plans/issues/1"}, "issue"),
        ("search_issues", {"repository": INSIDE, "query": f"repo:{OUTSIDE} password"}, "The query chooses"),
        ("search_issues", {"repository": INSIDE, "query": f"a OR repo:{OUTSIDE}"}, "Leave out AND, OR"),
    ],
)
async def test_the_server_refuses_what_is_outside_the_grant(
    tool: str, arguments: dict[str, Any], says: str, house: RunningHouse
) -> None:
    """github-mcp refuses before anything is sent on: the gateway and GitHub hear nothing."""
    before, lines = await heard(house), _audited(house)
    reply = await call_tool(house, sign(house), tool, arguments)
    assert reply.status == 200, reply.text
    assert reply.failed
    assert says in reply.text
    assert (await heard(house), _audited(house)) == (before, lines)


@pytest.mark.parametrize(
    ("method", "path", "tool", "reason"),
    [
        ("GET", ISSUE, "get_file_contents", "tool"),
        ("POST", f"{ISSUE}/comments", "add_issue_comment", "tool"),
        ("POST", f"{ISSUE}/comments", "issue_write", "tool_route"),
        ("PATCH", ISSUE, None, "tool_missing"),
        ("GET", f"/repos/{OUTSIDE}/issues/1", "issue_read", "resource"),
        ("PATCH", f"/repos/{OUTSIDE}/issues/1", "issue_write", "resource"),
        ("GET", "/search/issues?q=repo%3Aoctocat%2Fsecret-plans+password", "search_issues", "resource"),
        ("GET", "/search/issues?q=a+OR+b", "search_issues", "search_syntax"),
        ("GET", f"/repos/{INSIDE}/contents/{UP}", "issue_read", "path"),
        ("GET", f"/repos/{INSIDE}%2f..%2fsecret-plans/issues/1", "issue_read", "path"),
        ("GET", f"/repos/{INSIDE}/../secret-plans/issues/1", "issue_read", "unknown_route"),
        ("GET", f"/repos/{INSIDE}/labels/%2e%2e", "list_labels", "path"),
        ("GET", "/user/repos", "issue_read", "unknown_route"),
        ("DELETE", f"/repos/{INSIDE}", "issue_write", "method"),
        ("GET", "/repositories/1/issues/1", "issue_read", "unknown_route"),
        ("POST", "/graphql", "issue_read", "unknown_route"),
    ],
)
async def test_the_gateway_refuses_what_is_outside_the_grant(
    method: str, path: str, tool: str | None, reason: str, house: RunningHouse
) -> None:
    """github-api refuses by itself, even to the service that it trusts: GitHub hears nothing."""
    before = await heard(house)
    written = {"body": "x"} if path.endswith("comments") else {"state": "closed"}
    document = None if method in ("GET", "DELETE") else written
    reply = await at_gateway(house, sign(house), method, path, tool=tool, document=document)
    assert reply.reason == reason, reply
    assert 400 <= reply.status < 500
    assert await heard(house) == before


@pytest.mark.parametrize(
    ("changes", "server", "gateway"),
    [
        ({"lifetime_seconds": -60.0}, 401, "task_token"),
        ({"vendor": "jira"}, 401, "vendor"),
        ({"audience": ("model-api",)}, 401, "task_token"),
        ({"audience": ("github-mcp",)}, 200, "task_token"),
        ({"audience": ("github-api",)}, 401, None),
        ({"tenant": "nobody"}, 200, "tenant"),
    ],
    ids=["expired", "other vendor", "other audience", "server only", "gateway only", "unknown tenant"],
)
async def test_a_token_is_good_for_its_own_gates_alone(
    changes: dict[str, Any], server: int, gateway: str | None, house: RunningHouse
) -> None:
    """Time, vendor, audience and tenant are each checked where they belong, by both gates."""
    token = sign(house, **changes)
    called = await call_tool(house, token, "list_labels", {"repository": INSIDE})
    assert called.status == server, called.text
    asked = await at_gateway(house, token, "GET", ISSUE)
    assert asked.reason == gateway, asked
    assert (asked.status == 200) is (gateway is None)


async def test_an_altered_token_opens_nothing(house: RunningHouse) -> None:
    """A grant that was widened by hand no longer fits its signature, and one that nobody signed has none."""
    mine, wide = sign(house).split("."), sign(house, GRANT.model_copy(update={"resources": {"repositories": ["*/*"]}}))
    altered = ".".join([mine[0], wide.split(".")[1], mine[2]])
    unsigned = ".".join(["eyJhbGciOiJub25lIn0", wide.split(".")[1], ""])
    for token in (altered, unsigned):
        assert (await call_tool(house, token, "list_labels", {"repository": INSIDE})).status == 401
        assert (await at_gateway(house, token, "GET", ISSUE)).reason == "task_token"


async def test_one_token_of_the_two_opens_nothing(house: RunningHouse) -> None:
    """At the gateway neither token is enough without the other, and at the server the service's is none."""
    assert (await at_gateway(house, None, "GET", ISSUE)).reason == "task_token"
    alone = await ask(house, "github-api", "GET", ISSUE, headers={"authorization": f"Bearer {sign(house)}"})
    assert (alone.status, alone.reason) == (401, "service_token")
    service = house.paths.secret("github-mcp.service")
    assert (await call_tool(house, service, "list_labels", {"repository": INSIDE})).status == 401


async def test_the_server_has_no_routes_of_the_gateways(house: RunningHouse) -> None:
    """The MCP server passes no path on: GitHub's own paths are not there."""
    headers = {"authorization": f"Bearer {sign(house)}"}
    for path in (ISSUE, "/user", f"/mcp/..{ISSUE}", f"/mcp%2f..{ISSUE}"):
        assert (await ask(house, "github-mcp", "GET", path, headers=headers)).status in (404, 405), path


async def test_a_write_of_no_live_attempt_is_refused(house: RunningHouse) -> None:
    """A token that is right in all but that its run lives writes nothing: the fence holds in the gateway."""
    before = await heard(house)
    body = {"labels": ["bug"]}
    reply = await at_gateway(house, sign(house), "PATCH", ISSUE, tool="issue_write", document=body)
    assert (reply.status, reply.reason) == (409, "stale_attempt")
    assert await heard(house) == before


async def test_what_is_in_the_grant_passes_both_gates(house: RunningHouse) -> None:
    """The same token reads what it is for: the refusals above are not refusals of everything."""
    before, lines = await heard(house), _audited(house)
    assert (await at_gateway(house, sign(house), "GET", ISSUE, tool="issue_read")).status == 200
    reply = await call_tool(house, sign(house), "issue_read", {"repository": INSIDE, "issue": 1})
    assert not reply.failed
    assert "HOME" in reply.text
    assert (await heard(house), _audited(house)) == (before + 2, lines + 2)


def _audited(house: RunningHouse) -> int:
    """Count the gateway's audit lines but for those on its health."""
    log = (house.paths.home / "log/github-api.log").read_text().splitlines()
    return sum('"route"' in line for line in log)
