"""What tenants share of a process or a vendor: connections, requests, and a shared credential's limit."""

import asyncio

from attack.gates import REPOSITORY, Doors, answered
from attack.ground import RIVAL, RIVAL_DOOR
from attack.request import Request, Token

RIVALS_REPOSITORY = f"{RIVAL}/limit"
LEFT = 60
OTHERS_PART = 15
"""Of what is left of a limit, half of another tenant's fair share is kept for it."""
LIMIT_SECONDS = 3900
"""More than any window has left, so that the gateway takes it for a new one."""


async def triggers_of_others(doors: Doors) -> list[str]:
    """The dry run of triggers shows a tenant nothing of another tenant's triggers and tasks."""
    payload = {"action": "labeled", "issue": {"number": 1, "labels": [{"name": "triage"}]}, "label": {"name": "triage"}}
    payload |= {"repository": {"full_name": "octocat/hello-world"}, "sender": {"login": "octocat"}}
    document = {"event": "issues", "payload": payload, "source": "github"}
    request = Request(to="control", method="POST", path="/v1/triggers/test", document=document, service="none")
    reply = await answered(doors, request.model_copy(update={"headers": [f"Authorization: Bearer {RIVAL_DOOR}"]}))
    return [f"answered {reply.status}: {reply.text[-300:]!r}"] if "issue-triage" in reply.text else []


async def long_connections(doors: Doors) -> list[str]:
    """One tenant holds as many streams as it gets, at control and at an MCP server; another still gets one."""
    paths, mint = doors.ground.house.paths, doors.mint
    events = f"GET /v1/tasks/{doors.names['live.task']}/events", f"GET /v1/tasks/{doors.names['rival.task']}/events"
    runs = [mint.make(Token()) for _ in range(20)]
    rival = mint.make(Token(claims={"tenant": RIVAL}))
    got = []
    for name, mine, tokens, others, token in (
        ("control", events[0], [paths.secret("control.door")], events[1], RIVAL_DOOR),
        ("github-mcp", "GET /sse", runs, "GET /sse", rival),
    ):
        held: list[asyncio.StreamWriter] = []
        try:
            statuses = [await _hold(paths.ports[name], mine, tokens[turn % len(tokens)], held) for turn in range(200)]
            last = await _hold(paths.ports[name], others, token, held)
        finally:
            for writer in held:
                writer.close()
        if last != 200 or 200 not in statuses:
            got.append(
                f"{name}: {statuses.count(200)} of {len(statuses)} were opened, and another's was answered {last}"
            )
    return got


async def work_before_counting(doors: Doors) -> list[str]:
    """Of 600 bodies of lists at model-api some are refused by the caller's share, and none is let through."""
    body = "[" + "[]," * 20_000 + "[]]"
    request = Request(to="model-api", method="POST", path="/v1/messages", body=body, token=Token(kind="model"))
    replies = await asyncio.gather(*(answered(doors, request, tries=1) for _ in range(600)))
    counted = [reply.status for reply in replies if reply.status in (429, 503)]
    through = [reply.status for reply in replies if reply.status is None or reply.status < 400]
    told = [f"{len(through)} were let through"] if through else []
    return told if counted else [*told, "none was refused for being one too many"]


async def vendors_limit(doors: Doors) -> list[str]:
    """A tenant that uses up all it gets of a shared credential's hourly limit leaves another tenant its part."""
    issue = {"title": "A limit", "user": "mona", "body": "Count."}
    made = {"full_name": RIVALS_REPOSITORY, "labels": [{"name": "bug"}], "issues": [issue]}
    assert (await doors.ground.house.github("POST", "/_stand-in/repositories", json=made)).status == 201
    rival = Token(claims={"tenant": RIVAL}, grant={"resources": {"repositories": [RIVALS_REPOSITORY]}})
    await _set_limit(doors, LEFT, LIMIT_SECONDS)
    try:
        mine = await _read_until_refused(doors, REPOSITORY, Token(), LEFT + 1)
        others = await _read_until_refused(doors, RIVALS_REPOSITORY, rival, OTHERS_PART)
    finally:
        await _set_limit(doors, 1, 2)
        await answered(doors, _labels(RIVALS_REPOSITORY, rival, 1))  # which tells the gateway of the window's end
        await asyncio.sleep(4)
    if mine < LEFT // 4:
        raise AssertionError(f"the attack used up {mine} requests of {LEFT}")
    return [] if others == OTHERS_PART else [f"after {mine} requests of one tenant, {others} of another passed"]


async def _hold(port: int, line: str, token: str, held: list[asyncio.StreamWriter]) -> int:
    """Open a stream of events and hold it; give the status."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    held.append(writer)
    head = f"{line} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n\r\n"
    writer.write(head.encode())
    async with asyncio.timeout(20):
        return int((await reader.readline()).split()[1])


async def _set_limit(doors: Doors, remaining: int, seconds: int) -> None:
    order = {"remaining": remaining, "limit": 5_000, "reset_in": seconds}
    reply = await doors.ground.house.github("PUT", "/_stand-in/rate", json=order)
    assert reply.ok, reply.text


async def _read_until_refused(doors: Doors, repository: str, token: Token, most: int) -> int:
    """Read other pages again and again; give how many requests were answered before the limit's refusal."""
    for count in range(most):
        reply = await answered(doors, _labels(repository, token, count + 1))
        if reply.reason == "vendor_rate":
            return count
        assert reply.status == 200, reply.text
    return most


def _labels(repository: str, token: Token, page: int) -> Request:
    return Request(path=f"/repos/{repository}/labels?page={page}", token=token)
