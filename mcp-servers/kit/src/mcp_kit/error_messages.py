"""What a vendor's refusals mean for the model: our own words, never the vendor's body. Pure."""

import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from service_kit.http import Reply

from mcp_kit.errors import ToolFailed, Unavailable

MOST_DIGITS = 12
UNSAID_SECONDS = 60
PLACE = re.compile(r"(\bno )?\{(target|vendor|token|status)\}")
ARTICLE = re.compile(r"(?:the|an?) ")
"""What goes from a target behind `no`."""
Meaning = tuple[str, str]
"""What a status means and what to do next.

`{target}`, `{vendor}`, `{status}` and `{token}` (where it is set) are filled in; any other brace is text.
"""
MEANINGS: Mapping[int, Meaning] = {
    401: ("{vendor} refused the token (401).", "Tell the operator to set a valid {token}."),
    403: (
        "The token may not do this with {target} (403).",
        "Do without it, or tell the operator which permission is missing.",
    ),
    **dict.fromkeys((301, 302, 307, 308), ("{target} has moved: {vendor} points elsewhere.", "Use its present name.")),
    404: ("{vendor} knows no {target}, or the token may not see it (404).", "Check the name and number."),
    409: ("{target} changed meanwhile, or is in the way (409).", "Read it again before you write."),
    410: ("{target} was deleted (410).", "Leave it."),
    414: ("The request for {target} is too long for {vendor} (414).", "Give fewer or shorter arguments."),
    451: ("{vendor} may not show {target}, for legal reasons (451).", "Leave it: no other token opens it."),
}
REDIRECTED = frozenset({301, 307, 308})
"""The statuses that ask for the same request elsewhere, so that nothing was done here."""
LIMITED = "{vendor}'s rate limit is used up."
LOGIN = re.compile(r"(?i)/(?:log|sign)[-_]?in(?:[/?]|$)")
FAILED: Meaning = ("{vendor} failed on {target} ({status}).", "Try again later.")
LOOK_FIRST = "It may have been done: look before you repeat it."
UNSURE: Meaning = ("{vendor} answered {status}, which does not tell whether {target} was changed.", LOOK_FIRST)


def explain_status(reply: Reply, meanings: Mapping[int, Meaning], *, writes: bool) -> Meaning:
    """Return what the status of a reply means, and what to do next; the vendor's own meanings go before the usual.

    A write is only known not to be done where the vendor refused it (4xx) or redirected it.
    """
    if writes and not 400 <= reply.status < 500 and reply.status not in REDIRECTED:
        return UNSURE
    wait = wait_of(reply.headers)
    if reply.status == 429 or (reply.status == 403 and wait is not None):
        return rate_limited(wait)
    return meanings.get(reply.status) or MEANINGS.get(reply.status, FAILED)


def answers_people(reply: Reply) -> bool:
    """Return whether a page for people refuses, as a login does: a wrong address of the API leads to one."""
    media = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if 300 <= reply.status < 400:
        return media == "text/html" or bool(LOGIN.search(reply.headers.get("location", "")))
    return reply.status == 404 and media == "text/html"


def wrong_address(variable: str, description: str) -> Meaning:
    """Return what to say where a page for people answers; `description` says what the variable holds."""
    return (
        "A page for people answered for {target} in place of {vendor}'s API ({status}).",
        f"Tell the operator to correct {variable}: {description}.",
    )


def wrong_base(variable: str, description: str) -> Meaning:
    """Return what to say where the API lacks what every caller has; `description` says what the variable holds."""
    return (
        "{vendor}'s API is not at the address where it is asked: there is no {target} ({status}).",
        f"Tell the operator to correct {variable}: {description}.",
    )


def rate_limited(seconds: int | None) -> Meaning:
    """Return what to say of a vendor's rate limit; without its word on how long to wait, a minute."""
    return LIMITED, f"Call again in {seconds or UNSAID_SECONDS} s, and call less."


def moved_to(name: str) -> Meaning:
    """Return what to say of a resource whose present name is known."""
    return f"{{target}} has moved to {name}.", "Use that name."


def fill_in(meaning: Meaning, *, target: str, vendor: str, token: str, status: int) -> ToolFailed:
    """Return the failure of a meaning.

    `target` is the thing asked for in our own words, `vendor` its name for people, `token` the variable that holds it.
    """
    values = {"target": target, "vendor": vendor, "token": token, "status": str(status)}

    def filled(place: re.Match[str]) -> str:
        value = values[place[2]]
        return f"no {ARTICLE.sub('', value, count=1) if ARTICLE.match(value) else value}" if place[1] else value

    message, next_step = (PLACE.sub(filled, text) for text in meaning)
    kind = Unavailable if meaning[0] == LIMITED else ToolFailed
    return kind(message, next_step=next_step)


def passing(failure: ToolFailed, reply: Reply) -> ToolFailed:
    """Return the failure that a reply led to, as `Unavailable` for a limit, a wait, or a status of an outage."""
    known, asked = isinstance(failure, Unavailable), _seconds(reply.headers.get("retry-after", ""))
    if not known and asked is None and reply.status != 429 and reply.status < 500:
        return failure
    said = failure.seconds if isinstance(failure, Unavailable) else None
    seconds = said or wait_of(reply.headers) or (UNSAID_SECONDS if known else None)
    return Unavailable(failure.message, next_step=failure.next_step, quoted=failure.quoted, seconds=seconds)


def no_token(variables: list[str], command: str) -> ToolFailed:
    """Return the failure of a call without a token, which names the variables that take one."""
    first, *others = variables
    choice = f"{first} (or {' or '.join(others)})" if others else first
    return ToolFailed(
        f"{first} is not set, and this tool needs it; nothing was sent.",
        next_step=f"Tell the operator to set {choice} for {command}.",
    )


def wait_of(headers: Mapping[str, str]) -> int | None:
    """Read how many seconds the vendor asks us to wait: Retry-After, or the reset of a limit that is used up."""
    after = _seconds(headers.get("retry-after", ""))
    if after is not None:
        return after
    reset = _seconds(headers.get("x-ratelimit-reset", ""))
    if headers.get("x-ratelimit-remaining") == "0" and reset is not None:
        return max(1, reset - _clock(headers))
    return None


def _clock(headers: Mapping[str, str]) -> int:
    """Return the time by the vendor's clock, by which it counts its limits, else by ours."""
    try:
        return int(parsedate_to_datetime(headers.get("date", "")).timestamp())
    except (ValueError, OverflowError):
        return int(time.time())


def _seconds(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None
