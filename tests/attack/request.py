"""One request by raw HTTP as a case describes it: whose tokens, which bytes, and how it must be answered."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict


def _readable(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is not a regular expression: {error}") from error
    return pattern


Pattern = Annotated[str, AfterValidator(_readable)]


class Part(BaseModel):
    """The base of what a case file holds: unknown keys are refused by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Token(Part):
    """A token as an attacker may have one: right in all but what is said here.

    Attributes:
        kind: task or model.
        run: whose: of the live run, of one that never was, or of the live task's next or last attempt.
        signed: by the house's key, by a stranger's under the house's or another kid, by nobody (`alg: none`), or with
            the public key as an HMAC's secret.
        claims: claims in place of the right ones.
        without: claims left out.
        widened: the payload is replaced by one with a grant for everything, the signature kept.
        cut: how many characters are cut off at the end.
    """

    kind: Literal["task", "model"] = "task"
    run: Literal["live", "none", "next", "last"] = "live"
    signed: Literal["house", "stranger", "stranger-kid", "no-kid", "nobody", "hmac", "embedded"] = "house"
    lifetime: int = 300
    claims: dict[str, Any] = {}
    grant: dict[str, Any] = {}
    without: list[str] = []
    widened: bool = False
    cut: int = 0


class Expected(Part):
    """How a request must be answered.

    Attributes:
        status: one of these; empty where no answer at all is right too.
        reason: of `X-Agent-Gateway-Error`.
        says: searched for in the body.
        not_says: must not be in the whole answer.
        answers: how many responses came at most.
        within: seconds until the connection is closed.
    """

    status: list[int] = []
    reason: str | None = None
    says: Pattern | None = None
    not_says: Pattern | None = None
    answers: int = 1
    within: float = 10.0


class Request(Part):
    """One request by raw HTTP, sent byte for byte as it is written.

    Attributes:
        to: the process.
        service: which service token goes with it.
        token: the task or model token.
        raw: the whole request in place of all that; with Python's escapes, and `@CREDENTIALS@` for Host and tokens.
        pause: seconds between two bytes of the body, for `drip` bytes, before the rest is never sent.
        capture: a group that is read from the answer, and is `<<captured>>` afterwards.
        hold: the connection stays open once that was read.
        unread: nothing of the answer is read for this long.
    """

    name: str = ""
    to: str = "github-api"
    method: str = "GET"
    path: str = ""
    headers: list[str] = []
    document: Any = None
    body: str | None = None
    repeat: int = 1
    service: Literal["own", "none", "stranger", "door"] = "own"
    token: Token | None = Token()
    raw: str | None = None
    pause: float = 0
    drip: int = 0
    hold: bool = False
    capture: Pattern = ""
    unread: float = 0
    signature: Literal["", "right", "wrong", "sha1", "empty"] = ""
    expect: Expected = Expected()
