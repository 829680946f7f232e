"""Plays what one tenant does to others: each case is a function that gives what got through, by counts and bounds."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from uuid import uuid4

import agent_ledger
from agent_contracts import Task
from agent_ledger import SkillRow
from agent_stores.pool import open_redis
from attack.case import Case, FairCase
from attack.gates import LEASE_SECONDS, REPOSITORY, SKILL, Doors, answered
from attack.ground import MODEL, RIVAL, RIVAL_DOOR, RIVAL_STREAM, state
from attack.outcome import Outcome
from attack.request import Request, Token
from redis.asyncio import Redis
from service_kit.access import Door
from service_kit.token_pieces import hash_signature

COMMENTS = f"/repos/{REPOSITORY}/issues/1/comments"
WRITER = {"tools": ["add_issue_comment"], "limits": {"add_issue_comment": 100}}
HOSTILE = ("!", "\ufdfa", "\u0301\u0323", "<", "@a/", "&#0", "[a](", "eyJ.")
SHORT, LONG = 15_000, 60_000
MOST_TRIES = 20
MOST_GROWTH = 10.0
"""Four times the text takes four times as long where time is linear, and sixteen times where it is quadratic."""
LEAST_TICKS = 3
DRAIN_SECONDS = 240.0
MOST_BEFORE = 3_000
"""So many entries of another stream may be done before a stream's turn comes."""
DEFAULT_DOOR = Door(name="cli", skills=["*"])
RIVALS_DOOR = Door(name="rival", tenant=RIVAL, skills=["*"])
Play = Callable[[Doors], Awaitable[list[str]]]


async def play(doors: Doors, case: Case) -> Outcome:
    """Play one case, once."""
    assert isinstance(case.content, FairCase)
    began = time.monotonic()
    got: Sequence[str] = ()
    lost: Sequence[str] = ()
    try:
        got = await PLAYS[case.name](doors)
    except Exception as error:  # what did not run cannot count as blocked
        lost = [f"{type(error).__name__}: {str(error)[:500]}"]
    seconds = time.monotonic() - began
    return Outcome(case.id, case.group, 1, bool(got), bool(lost), told=(*got, *lost), seconds=seconds)


async def hostile_text(doors: Doors) -> list[str]:
    """Comments of hostile text cost the gateway time that grows as their length does."""
    pid = doors.ground.house.pids()["github-api"]

    async def ticks(piece: str, length: int) -> int:
        for _ in range(MOST_TRIES):  # a long text takes several requests of the share
            before = _ticks(pid)
            reply = await answered(doors, _comment(piece * (length // len(piece))))
            if reply.status in (201, 422) or reply.reason == "secret":
                return _ticks(pid) - before
            await asyncio.sleep(1)
        raise AssertionError(f"{piece!r} is never taken")

    costs = {piece: (await ticks(piece, SHORT), await ticks(piece, LONG)) for piece in HOSTILE}
    return [
        f"{piece!r}: {long} ticks for four times the text that took {short}"
        for piece, (short, long) in costs.items()
        if long > MOST_GROWTH * max(short, LEAST_TICKS)
    ]


async def tokens_in_pieces(doors: Doors) -> list[str]:
    """A run's model token is refused in a comment, whole and in pieces, which its signature's hashes tell."""
    model = doors.mint.make(Token(kind="model"))
    signature = model.rpartition(".")[2]
    words = " and ".join(signature[start : start + 22] for start in range(0, 66, 22))
    texts = {"words": words, "lines": "\n".join(signature), "hex": signature[:40].encode().hex(), "plain": model}
    got = []
    for name, text in texts.items():
        reply = await answered(doors, _comment(f"x {text}", signatures=[hash_signature(model)]))
        if reply.reason != "secret":
            got.append(f"the signature in {name}: answered {reply.status} ({reply.reason})")
    return got


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


async def turns_at_claims(doors: Doors) -> list[str]:
    """Of the first claims behind 60 tasks of one tenant, one is the other tenant's only task."""
    pool = f"fairness-{uuid4().hex[:8]}"
    await _register(doors, SkillRow(name=SKILL, version="1", engine="claude", model=MODEL, pool=pool, max_attempts=20))
    task = Task(skill=SKILL, input={"repository": REPOSITORY}, pool=pool, priority="high")
    for _ in range(60):
        await agent_ledger.submit(doors.pool, task, door=DEFAULT_DOOR)
    await agent_ledger.submit(doors.pool, task, door=RIVALS_DOOR)
    claimed = [await _claim(doors, pool) for _ in range(4)]
    return [] if RIVAL in claimed else [f"the first four claims are of {claimed}"]


async def two_keys(doors: Doors) -> list[str]:
    """A task's own concurrency key does not let two runs overlap on what the skill's key names."""
    pool = f"fairness-{uuid4().hex[:8]}"
    name = f"keyed-{uuid4().hex[:8]}"
    key = "issue:${input.issue}"
    row = SkillRow(name=name, version="1", engine="claude", model=MODEL, pool=pool, concurrency_key=key)
    await _register(doors, row)
    for own in ("a", "b"):
        task = Task(skill=name, input={"issue": 1}, concurrency_key=own)
        await agent_ledger.submit(doors.pool, task, door=DEFAULT_DOOR)
    claimed = [await _claim(doors, pool, name) for _ in range(2)]
    return [] if claimed == ["default", None] else [f"two runs on one issue were claimed: {claimed}"]


async def spellings(doors: Doors) -> list[str]:
    """A write is known again under another spelling of its repository: one comment is made of three like requests."""
    said = f"Said once {uuid4()}."
    owner, name = REPOSITORY.split("/")
    for spelled in (REPOSITORY, f"{owner.upper()}/{name}", f"{owner}/{name.title()}"):
        comment = _comment(said)
        await answered(doors, comment.model_copy(update={"path": COMMENTS.replace(REPOSITORY, spelled)}))
    held = await state(doors.ground, REPOSITORY)
    made = [one["body"] for one in held["issues"][0]["comments"] if said in one["body"]]
    return [] if len(made) == 1 else [f"{len(made)} comments were made"]


async def poison_entry(doors: Doors) -> list[str]:
    """An entry whose text makes a pattern of the skill's schema backtrack is done with in at most three deliveries."""
    schema = {"type": "object", "properties": {"x": {"type": "string", "pattern": "^(a+)+$"}}}
    row = SkillRow(name="poisoned", version="1", engine="claude", model=MODEL, pool="nowhere", input_schema=schema)
    await _register(doors, row)
    redis = open_redis(doors.ground.house.urls["REDIS_URL"])
    try:
        text = '{"skill": "poisoned", "input": {"x": "' + "a" * 40 + '!"}}'
        entry = await _add(redis, "agent:tasks", {"task": text})
        beside = await _add(redis, RIVAL_STREAM, {"cancel": str(uuid4())})
        gone = await _gone(redis, {"agent:tasks": entry, RIVAL_STREAM: beside})
    finally:
        await redis.aclose()
    return [f"still there: {stream}" for stream, is_gone in gone.items() if not is_gone]


async def others_results(doors: Doors) -> list[str]:
    """10,500 bad entries of one tenant leave the unread result of another where it is."""
    redis = open_redis(doors.ground.house.urls["REDIS_URL"])
    try:
        entry = await _add(redis, "agent:tasks", {"task": "no JSON"})
        await _gone(redis, {"agent:tasks": entry})
        for _ in range(21):
            async with redis.pipeline() as many:
                for _ in range(500):
                    many.xadd(RIVAL_STREAM, {"task": "no JSON"})
                last = (await many.execute())[-1]
        if not (await _gone(redis, {RIVAL_STREAM: last}))[RIVAL_STREAM]:
            raise TimeoutError("the entries were not read")
        kept: list[tuple[bytes, dict[bytes, bytes]]] = await redis.xrange("agent:results") or []  # type: ignore[assignment]
        lengths = {name: await redis.xlen(name) for name in ("agent:results", f"agent:results:{RIVAL}")}
    finally:
        await redis.aclose()
    if not any(fields.get(b"entry") == entry for _, fields in kept):
        return [f"the result of {entry!r} is gone: {lengths}"]
    return [] if max(lengths.values()) <= 12_000 else [f"the streams are not bounded: {lengths}"]


async def cancels_of_nothing(doors: Doors) -> list[str]:
    """20,000 cancels of unknown ids on one tenant's stream do not stand before another tenant's entry."""
    redis = open_redis(doors.ground.house.urls["REDIS_URL"])
    try:
        for _ in range(40):
            async with redis.pipeline() as many:
                for _ in range(500):
                    many.xadd(RIVAL_STREAM, {"cancel": str(uuid4())})
                await many.execute()
        before = await redis.xlen(RIVAL_STREAM)
        entry = await _add(redis, "agent:tasks", {"cancel": str(uuid4())})
        gone = await _gone(redis, {"agent:tasks": entry})
        first = before - await redis.xlen(RIVAL_STREAM)
        await redis.delete(RIVAL_STREAM)
    finally:
        await redis.aclose()
    told = f"{first} of {before} cancels were done before the other tenant's entry"
    return [] if gone["agent:tasks"] and first <= MOST_BEFORE < before else [told]


async def work_before_counting(doors: Doors) -> list[str]:
    """Of 600 bodies of lists at model-api some are refused by the caller's share, and none is let through."""
    body = "[" + "[]," * 20_000 + "[]]"
    request = Request(to="model-api", method="POST", path="/v1/messages", body=body, token=Token(kind="model"))
    replies = await asyncio.gather(*(answered(doors, request, tries=1) for _ in range(600)))
    counted = [reply.status for reply in replies if reply.status in (429, 503)]
    through = [reply.status for reply in replies if reply.status is None or reply.status < 400]
    told = [f"{len(through)} were let through"] if through else []
    return told if counted else [*told, "none was refused for being one too many"]


PLAYS: Mapping[str, Play] = {
    play.__name__.replace("_", "-"): play
    for play in (
        hostile_text,
        tokens_in_pieces,
        triggers_of_others,
        long_connections,
        turns_at_claims,
        two_keys,
        spellings,
        poison_entry,
        others_results,
        cancels_of_nothing,
        work_before_counting,
    )
}


def _comment(text: str, *, signatures: Sequence[str] = ()) -> Request:
    token = Token(grant=WRITER, claims={"signatures": list(signatures)} if signatures else {})
    headers = ["X-Agent-Tool: add_issue_comment"]
    return Request(method="POST", path=COMMENTS, headers=headers, document={"body": text}, token=token)


def _ticks(pid: int) -> int:
    """Give the processor time of a process, in the kernel's ticks."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


async def _hold(port: int, line: str, token: str, held: list[asyncio.StreamWriter]) -> int:
    """Open a stream of events and hold it; give the status."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    held.append(writer)
    head = f"{line} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n\r\n"
    writer.write(head.encode())
    async with asyncio.timeout(20):
        return int((await reader.readline()).split()[1])


async def _register(doors: Doors, row: SkillRow) -> None:
    await agent_ledger.register_skills(doors.pool, [row])


async def _claim(doors: Doors, pool: str, skill: str = SKILL) -> str | None:
    """Claim a task of a pool; give its tenant, None if there is none to claim."""
    claimed = await agent_ledger.claim(
        doors.pool,
        worker="fairness",
        lease_seconds=LEASE_SECONDS,
        pools=[pool],
        engines=["claude"],
        skills={skill: "1"},
    )
    return None if claimed is None else claimed.task.tenant


async def _add(redis: Redis, stream: str, fields: Mapping[str, str]) -> bytes:
    entry: bytes = await redis.xadd(stream, dict(fields))  # type: ignore[assignment, arg-type]
    return entry


async def _gone(redis: Redis, entries: Mapping[str, bytes]) -> dict[str, bool]:
    """Wait until entries of streams are done with; say which are."""
    end = time.monotonic() + DRAIN_SECONDS
    while True:
        gone = {stream: not await redis.xrange(stream, entry, entry) for stream, entry in entries.items()}
        if all(gone.values()) or time.monotonic() > end:
            return gone
        await asyncio.sleep(0.02)
