"""One tenant's comments at the gateway: hostile text, a token in pieces, and other spellings of a repository."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from attack.gates import REPOSITORY, Doors, answered
from attack.ground import state
from attack.request import Request, Token
from service_kit.token_pieces import hash_signature

COMMENTS = f"/repos/{REPOSITORY}/issues/1/comments"
WRITER = {"tools": ["add_issue_comment"], "limits": {"add_issue_comment": 100}}
HOSTILE = ("!", "\ufdfa", "\u0301\u0323", "<", "@a/", "&#0", "[a](", "eyJ.")
SHORT, LONG = 15_000, 60_000
MOST_TRIES = 20
MOST_GROWTH = 10.0
"""Four times the text takes four times as long where time is linear, and sixteen times where it is quadratic."""
LEAST_TICKS = 3


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


def _comment(text: str, *, signatures: Sequence[str] = ()) -> Request:
    token = Token(grant=WRITER, claims={"signatures": list(signatures)} if signatures else {})
    headers = ["X-Agent-Tool: add_issue_comment"]
    return Request(method="POST", path=COMMENTS, headers=headers, document={"body": text}, token=token)


def _ticks(pid: int) -> int:
    """Give the processor time of a process, in the kernel's ticks."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
