"""What is outside the grant is refused here, by raw HTTP, whatever an MCP server let pass."""

from typing import Any

from agent_contracts import Grant
from vendor.github_api.house import HELLO, House

ISSUE = f"/repos/{HELLO}/issues/1"


def grant(*tools: str, mode: str = "write", repository: str = HELLO) -> Grant:
    """Make a grant."""
    return Grant.model_validate({"tools": tools, "resources": {"repositories": [repository]}, "mode": mode})


async def refused(api: House, reason: str, method: str, target: str, **how: Any) -> None:
    """Assert that a request is refused for a reason, and that GitHub never saw it."""
    before = len(api.seen)
    reply = await api.ask(method, target, **how)
    assert reply.json()["reason"] == reason, (method, target, reply.text)
    assert reply.headers["x-agent-gateway-error"] == reason
    assert len(api.seen) == before


async def test_a_repository_outside_the_grant(api: House) -> None:
    """Every route with a repository in its path checks it; names are compared without case."""
    token = api.token(grant("issue_write"))
    for target in ("", "/issues", "/issues/1", "/labels", "/pulls/1", "/contents/README.md"):
        await refused(api, "resource", "GET", f"/repos/octocat/secret-plans{target}", token=token)
    await refused(
        api, "resource", "POST", "/repos/octocat/secret-plans/issues", token=token, tool="issue_write", body={}
    )
    await refused(api, "resource", "GET", "/repos/octocat/hello-world.git/issues", token=token)
    assert (await api.ask("GET", "/repos/OctoCat/Hello-World/issues/1", token=token)).status_code == 200
    empty = Grant(tools=["issue_read"], mode="write")
    await refused(api, "resource", "GET", ISSUE, token=api.token(empty))


async def test_a_tool_outside_the_grant(api: House) -> None:
    """A write names a tool of the grant that this route is for; a read may name none, but no foreign one."""
    token = api.token(grant("issue_read", "issue_write"))
    comment = {"body": {"body": "x"}, "token": token}
    await refused(api, "tool_missing", "POST", f"{ISSUE}/comments", **comment)
    await refused(api, "tool", "POST", f"{ISSUE}/comments", tool="add_issue_comment", **comment)
    await refused(api, "tool_route", "POST", f"{ISSUE}/comments", tool="issue_write", **comment)
    await refused(api, "header", "POST", f"{ISSUE}/comments", tool="issue write", **comment)
    await refused(api, "tool", "GET", ISSUE, tool="get_file_contents", token=token)
    assert (await api.ask("GET", ISSUE, token=token)).status_code == 200


async def test_a_mode_that_does_not_write(api: House) -> None:
    """Mode read refuses every write, and reads."""
    token = api.token(grant("issue_write", mode="read"))
    reply = await api.ask("PATCH", ISSUE, token=token, tool="issue_write", body={"labels": []})
    assert (reply.status_code, reply.json()["reason"]) == (403, "read_only")
    assert (await api.ask("GET", ISSUE, token=token)).status_code == 200
    assert [seen["method"] for seen in api.seen] == ["GET"]


async def test_a_route_outside_the_table(api: House) -> None:
    """What is not in the table is refused, with the methods that a known path has."""
    token = api.token(grant("issue_write"))
    for target in (
        "/", "", "/repositories/1", "/repositories/1/issues", "/user", "/user/repos", "/graphql", f"{ISSUE}/lock",
        f"/repos/{HELLO}/collaborators", f"/repos/{HELLO}/issues/", f"/repos/{HELLO}/actions/secrets", "/orgs/octocat",
        f"/Repos/{HELLO}/issues", f"/repos/{HELLO}/issues;x=1", f"/repos/{HELLO}/issues/1.", "/search/code?q=x",
    ):  # fmt: skip
        reply = await api.ask("GET", target or "/", token=token)
        assert reply.json()["reason"] in ("unknown_route", "path"), target
    reply = await api.ask("DELETE", f"/repos/{HELLO}", token=token)
    assert (reply.status_code, reply.headers["allow"]) == (405, "GET")
    for method in ("PUT", "DELETE", "HEAD", "OPTIONS", "TRACE"):
        assert (await api.ask(method, ISSUE, token=token)).status_code == 405
    assert not api.seen


async def test_no_method_override(api: House) -> None:
    """The method is the request's own."""
    token = api.token(grant("issue_write"))
    for name in ("x-http-method-override", "X-HTTP-Method", "x-method-override"):
        await refused(api, "header", "GET", ISSUE, token=token, headers={name: "DELETE"})
    await refused(api, "query", "GET", f"{ISSUE}?_method=DELETE", token=token)
