"""Plays attacks on single gates by raw HTTP, with tokens of a run that is live in the ledger and nowhere else."""

import asyncio
import hashlib
import hmac
import json
import re
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import agent_ledger
import asyncpg
from agent_contracts import Task
from agent_ledger import SkillRow
from attack.case import Case, GateCase, filled
from attack.ground import MODEL, RIVAL, Ground, heard, order, seed_victim, shown, state
from attack.outcome import Outcome
from attack.request import Expected, Request
from attack.tokens import Mint
from attack.wire import Answer, hold, send
from service_kit.access import Door

SKILL = "attack-gate"
LIVE_POOL = "attack-gate"
REPOSITORY = "acme/gate"
LEASE_SECONDS = 3600.0
MOST_TRIES = 20
RATE_SECONDS = 0.5
QUIET_SECONDS = 1.0


@dataclass
class Doors:
    """The gates, with a live run whose tokens open them."""

    ground: Ground
    mint: Mint
    pool: asyncpg.Pool
    names: dict[str, str] = field(default_factory=dict)
    held: list[socket.socket] = field(default_factory=list)

    def fill(self, name: str) -> str:
        """Give what a request refers to as `<<name>>`; it may only be known once an earlier one was answered."""
        return self.names[name]


@asynccontextmanager
async def doors(ground: Ground) -> AsyncIterator[Doors]:
    """Claim a task as a worker does, and hold it during the block."""
    async with ground.house.database() as pool:
        row = SkillRow(name=SKILL, version="1", engine="claude", model=MODEL, pool=LIVE_POOL, max_attempts=20)
        await agent_ledger.register_skills(pool, [row])
        task = Task(skill=SKILL, input={"repository": REPOSITORY}, pool=LIVE_POOL)
        await agent_ledger.submit(pool, task, door=Door(name="cli", skills=["*"]))
        rival = await agent_ledger.submit(pool, task, door=Door(name="rival", tenant=RIVAL, skills=["*"]))
        taken = None
        while taken is None or taken.task.tenant != "default":
            taken = await agent_ledger.claim(
                pool,
                worker="attack",
                lease_seconds=LEASE_SECONDS,
                pools=[LIVE_POOL],
                engines=["claude"],
                skills={SKILL: "1"},
            )
            assert taken is not None
        mint = Mint(ground.house.paths.home / "secrets", taken.id, taken.attempt, REPOSITORY, MODEL)
        await _seed(ground)
        names = {"live.task": str(taken.id), "rival.task": str(rival.id), "live.repository": REPOSITORY}
        made = Doors(ground, mint, pool, names)
        try:
            yield made
        finally:
            for connection in made.held:
                connection.close()


async def _seed(ground: Ground) -> None:
    issue = {"title": "A gate", "user": "mona", "body": "Knock."}
    made = {"full_name": REPOSITORY, "labels": [{"name": "bug"}], "issues": [issue], "files": {"README.md": "Hello."}}
    reply = await ground.house.github("POST", "/_stand-in/repositories", json=made)
    assert reply.status == 201, reply.text


async def play(doors: Doors, case: Case) -> Outcome:
    """Play one case: what must pass does, what must not is refused, and the vendors hear nothing of it."""
    began = time.monotonic()
    content = case.content
    assert isinstance(content, GateCase)
    try:
        return await _play(doors, case, content, began)
    except Exception as error:  # what was not answered cannot count as refused
        lost = f"{type(error).__name__}: {str(error)[:500]}"
        seconds = time.monotonic() - began
        return Outcome(case.id, case.group, content.attempts, missing=content.attempts, told=(lost,), seconds=seconds)


async def _play(doors: Doors, case: Case, content: GateCase, began: float) -> Outcome:
    doors.names |= doors.ground.of(case)
    got: list[str] = []
    lost: list[str] = []
    await seed_victim(doors.ground, case)
    await order(doors.ground, content.orders)
    before = await state(doors.ground, case.victim)
    for request in content.passes:
        lost += [f"should pass: {told}" for told in await _asked(doors, request)]
    heard_of = case.victim if content.heard else ""
    if not lost:
        for number, request in enumerate(content.requests, 1):
            told = await _attempt(doors, request, heard_of=heard_of)
            got += [f"{request.name or number}: {line}" for line in told]
        for request in content.passes:
            got += [f"afterwards: should pass: {told}" for told in await _asked(doors, request)]
    if before != await state(doors.ground, case.victim):
        got.append(f"{case.victim} was changed")
    through = min(content.attempts, len({line.partition(":")[0] for line in got}))
    missing = content.attempts if lost else 0
    seconds = time.monotonic() - began
    return Outcome(case.id, case.group, content.attempts, through, missing, told=(*got, *lost), seconds=seconds)


async def _attempt(doors: Doors, request: Request, *, heard_of: str) -> list[str]:
    """Make an attempt; give what got through. GitHub must not hear of `heard_of`, or of anything."""
    known = len(await heard(doors.ground))
    asked = await _models(doors) if request.to == "model-api" else ""
    tasks = await _tasks(doors)
    told = await _asked(doors, request)
    if await _tasks(doors) != tasks:
        told.append("a task was made or changed")
    said = [shown(one) for one in await heard(doors.ground, known)]
    told += [f"GitHub heard {line[:200]!r}" for line in said if heard_of in line]
    if request.to == "model-api" and await _models(doors) != asked:
        told.append("the model heard of it")
    return told


async def _tasks(doors: Doors) -> str:
    """Say what tasks there are, in which states."""
    rows = await doors.pool.fetch("select state::text, count(*) from ledger.tasks group by 1 order by 1")
    return str([tuple(row) for row in rows])


async def _models(doors: Doors) -> str:
    """Say when the model was last asked."""
    asked = (await doors.ground.house.model("GET", "/_stand-in/requests")).json()
    return str(asked[-1]["at"]) if asked else ""


async def answered(doors: Doors, wanted: Request, tries: int = MOST_TRIES, *, port: int | None = None) -> Answer:
    """Send a request, again where the caller's rate is used up; give the answer. A process has its usual port."""
    request = Request.model_validate(filled(wanted.model_dump(), doors.fill))
    for _ in range(tries):
        answer = await asyncio.to_thread(_send, doors, request, port or doors.ground.house.paths.ports[request.to])
        if answer.reason != "rate" or request.expect.reason == "rate":
            break
        await asyncio.sleep(RATE_SECONDS)
    return answer


async def _asked(doors: Doors, wanted: Request) -> list[str]:
    """Send a request; give what is not as expected."""
    answer = await answered(doors, wanted)
    if wanted.capture:
        found = re.search(wanted.capture, answer.text)
        if found is None:
            return [f"nothing to capture in {answer.text[:200]!r}"]
        doors.names["captured"] = found[1]
    return _misfits(
        Expected.model_validate(filled(wanted.expect.model_dump(), doors.fill)), answer, doors.ground.secrets()
    )


def _misfits(expect: Expected, answer: Answer, secrets: dict[str, str]) -> list[str]:
    told = []
    if expect.status and answer.status not in expect.status:
        told.append(f"answered {answer.status} ({answer.reason}), not {expect.status}: {answer.text[-300:]!r}")
    if expect.reason is not None and answer.reason != expect.reason:
        told.append(f"the reason is {answer.reason}, not {expect.reason}")
    if expect.says is not None and not re.search(expect.says, answer.text):
        told.append(f"says nothing of {expect.says!r}: {answer.text[-300:]!r}")
    if expect.not_says is not None and re.search(expect.not_says, answer.text):
        told.append(f"says {expect.not_says!r}")
    if len(answer.statuses) > expect.answers:
        told.append(f"answered {len(answer.statuses)} times: {answer.statuses}")
    told += [f"{name} came in the answer" for name, secret in secrets.items() if secret in answer.text]
    return told


def _send(doors: Doors, request: Request, port: int) -> Answer:
    head, body = _bytes(doors, request, port)
    if request.hold:
        connection, answer = hold(port, head + body, pattern=request.capture, within=request.expect.within)
        doors.held.append(connection)
        return answer
    return send(
        port,
        head,
        body,
        pause=request.pause,
        drip=request.drip,
        unread=request.unread,
        quiet=QUIET_SECONDS if request.raw is not None else request.expect.within,
        within=request.expect.within,
    )


def _bytes(doors: Doors, request: Request, port: int) -> tuple[bytes, bytes]:
    lines = _credentials(doors, request)
    if request.raw is not None:
        own = "\r\n".join([f"Host: 127.0.0.1:{port}", *lines])
        text = request.raw.replace("@CREDENTIALS@", own).encode("latin-1", "backslashreplace")
        return text.decode("unicode_escape").encode("latin-1"), b""
    body = _body(request)
    lines = [f"Host: 127.0.0.1:{port}", "Connection: close", *lines]
    if request.signature:
        lines.append(_signature(doors, request.signature, body))
    names = {line.partition(":")[0].lower() for line in request.headers}
    lines = [line for line in lines if line.partition(":")[0].lower() not in names] + request.headers
    if (body or request.method in ("POST", "PUT", "PATCH")) and not names & {"content-length", "transfer-encoding"}:
        lines.append(f"Content-Length: {len(body)}")
    if body and "content-type" not in names:
        lines.append("Content-Type: application/json")
    head = "\r\n".join([f"{request.method} {request.path} HTTP/1.1", *lines, "", ""])
    return head.encode("latin-1"), body


def _body(request: Request) -> bytes:
    if request.document is not None:
        return json.dumps(request.document).encode()
    return ((request.body or "") * request.repeat).encode("utf-8", "surrogateescape")


def _credentials(doors: Doors, request: Request) -> list[str]:
    lines = []
    place = doors.ground.house.paths
    service = {
        "own": place.secret("github-mcp.service"),
        "stranger": "service_" + "x" * 43,
        "door": place.secret("control.door"),
    }.get(request.service)
    token = doors.mint.make(request.token) if request.token is not None else None
    if request.to == "github-api" and service:
        lines.append(f"Authorization: Bearer {service}")
    if request.to == "control" and request.service in ("door", "stranger"):
        lines.append(f"Authorization: Bearer {service}")
    if token is not None and request.to in ("github-api", "github-mcp", "model-api"):
        where = {"github-api": "X-Task-Token: ", "github-mcp": "Authorization: Bearer ", "model-api": "X-Api-Key: "}
        lines.append(f"{where[request.to]}{token}")
    if request.to == "model-api":
        lines.append("Anthropic-Version: 2023-06-01")
    return lines


def _signature(doors: Doors, kind: str, body: bytes) -> str:
    secret = doors.ground.house.paths.secret("github-webhook.secret").encode()
    if kind == "sha1":
        return f"X-Hub-Signature: sha1={hmac.new(secret, body, hashlib.sha1).hexdigest()}"
    made = hmac.new(secret if kind == "right" else b"guess", body, hashlib.sha256).hexdigest()
    return f"X-Hub-Signature-256: sha256={'' if kind == 'empty' else made}"
