"""What GitHub's refusals mean for the model: our own words, never GitHub's body. Pure."""

import time
from collections.abc import Mapping
from typing import Annotated

from mcp_kit.errors import ToolFailed
from mcp_kit.gateway import refused
from pydantic import BaseModel, Field, StringConstraints, ValidationError
from service_kit.http import Reply

MOST_DIGITS = 12
Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]{1,40}$")]


class Fault(BaseModel):
    """One entry of a 422's `errors`; only its two closed words are shown."""

    field: Word = "request"
    code: Word = "invalid"


class Faults(BaseModel):
    """The part of a 422 that is read."""

    errors: list[Fault] = Field(default_factory=list)


def no_token() -> ToolFailed:
    """Say that the token is missing, by the variable's name."""
    return ToolFailed(
        "GITHUB_TOKEN is not set, and this tool needs it; nothing was sent.",
        next_step="Tell the operator to set GITHUB_TOKEN (or GITHUB_PERSONAL_ACCESS_TOKEN) for github-mcp.",
    )


def explain(reply: Reply, target: str, *, gateway: bool) -> ToolFailed:
    """Say what a reply that is no success means, and what to do next.

    Args:
        reply: GitHub's, or the gateway's.
        target: what was asked for, in our words.
        gateway: whether the gateway answers, so that its own refusals can be told.
    """
    if gateway and (ours := refused(reply)) is not None:
        return ours
    wait = _wait(reply.headers)
    if reply.status == 429 or (reply.status == 403 and wait is not None):
        return ToolFailed("GitHub's rate limit is used up.", next_step=f"Call again in {wait or 60} s, and call less.")
    if reply.status == 422:
        return ToolFailed(
            f"GitHub does not accept this for {target} (422): {_faults(reply)}.", next_step="Correct it and call again."
        )
    message, next_step = _MEANINGS.get(reply.status, (f"GitHub failed on {{}} ({reply.status}).", "Try again later."))
    return ToolFailed(message.format(target), next_step=next_step)


_MOVED = ("{} has moved: GitHub points elsewhere.", "Use the repository's present name.")
_MEANINGS = {
    **dict.fromkeys((301, 302, 307, 308), _MOVED),
    401: ("GitHub refused the token (401).", "Tell the operator to set a GITHUB_TOKEN that is valid."),
    403: (
        "The token may not do this with {} (403).",
        "Do without it, or tell the operator which permission is missing.",
    ),
    404: (
        "GitHub knows no {}, or the token may not see it (404).",
        "Check the name and number, for instance with list_issues or search_issues.",
    ),
    409: ("{} changed meanwhile, or is in the way (409).", "Read it again before you write."),
    410: ("{} was deleted, or issues are switched off here (410).", "Leave it."),
}


def _wait(headers: Mapping[str, str]) -> int | None:
    after = _seconds(headers.get("retry-after", ""))
    if after is not None:
        return after
    reset = _seconds(headers.get("x-ratelimit-reset", ""))
    if headers.get("x-ratelimit-remaining") == "0" and reset is not None:
        return max(1, reset - int(time.time()))
    return None


def _seconds(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None


def _faults(reply: Reply) -> str:
    try:
        faults = Faults.model_validate_json(reply.body).errors[:5]
    except ValidationError:
        faults = []
    return ", ".join(f"{fault.field} {fault.code}" for fault in faults) or "a value is not valid"
