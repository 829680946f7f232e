"""What every server tells our gateways, and what it reads in their replies besides the vendor's own reply."""

from pydantic import BaseModel, ValidationError
from service_kit.http import Reply
from service_kit.untrusted_text import clean_line

from mcp_kit.call import Call
from mcp_kit.errors import Proposed, Refused, ToolFailed

REASON = "x-agent-gateway-error"
EFFECT = "x-agent-effect"
STATE = "x-agent-effect-state"
REPEAT = "x-agent-effect-repeat"
OUTGOING = "x-agent-outgoing"
CACHE = "x-agent-cache"
LEFT_OUT = "x-agent-left-out"
ACCEPTED = 202
FORBIDDEN = 403
TOO_MANY = 429
MOST_DIGITS = 6
LASTING = frozenset({"reply_too_large", "reply_foreign", "redirect"})
"""Reasons of the gateway that no later call passes, though their status is that of a broken upstream."""
STORED = ("proposed", "approved")
WRITTEN_BEFORE = "What was written before was not written again; this is what came of it then:"


class GatewayRefusal(BaseModel):
    """A refusal by our own gateway, whose words are ours."""

    message: str
    remedy: str = ""


def headers_of(call: Call, *, writes: bool = False) -> dict[str, str]:
    """Return the headers that tell the gateway for which run or person, tool and call a request is."""
    headers = {"x-agent-tool": call.tool, "x-agent-call": call.id}
    if writes and (key := call.next_key()):
        headers["idempotency-key"] = key
    if call.caller.token:
        headers["x-task-token"] = call.caller.token
    if call.caller.person_token:
        headers["x-person-token"] = call.caller.person_token
    return headers


def vendors_token(prefix: str) -> str:
    """Return where an operator sets the token that a gateway shows its vendor: not at the server."""
    variable = f"{prefix.upper()}_UPSTREAM_TOKEN"
    return f"{variable} at the gateway, or this tenant's token in the file of {variable}S_FILE"


def apply_gateway_headers(reply: Reply, call: Call) -> None:
    """Read what the gateway says beside the vendor's reply, and tell the caller; raise Proposed for what was stored."""
    state = reply.headers.get(STATE)
    if reply.status == ACCEPTED and state in STORED:
        raise Proposed(clean_line(reply.headers.get(EFFECT, ""), 40), decided=state == "approved")
    if reply.ok and reply.headers.get(REPEAT) == "1" and WRITTEN_BEFORE not in call.notes:
        call.notes.append(WRITTEN_BEFORE)
    if reply.ok and state == "partial":
        call.notes.append("Only a part of this was taken: hold what is there now against what was asked.")
    if reply.ok and (count := clean_line(reply.headers.get(LEFT_OUT, ""), 10)):
        call.notes.append(f"The gateway left out {count} rows of this list: they are of others than the grant's.")
    if reply.ok and OUTGOING in reply.headers:
        changed = clean_line(reply.headers[OUTGOING], 60)
        call.notes.append(f"The gateway changed the text: images became links, mentions are quiet ({changed}).")


def was_kept(reply: Reply) -> bool:
    """Return whether the gateway had kept a reply, which the vendor confirmed."""
    return CACHE in reply.headers


def lasts(reply: Reply) -> bool:
    """Return whether a reply is the gateway's refusal of a call that it would refuse later too."""
    return reply.headers.get(REASON) in LASTING


def limited_for(reply: Reply) -> int | None:
    """Return the seconds to wait where a limit of the gateway refused a request, before it was sent; else None."""
    after = reply.headers.get("retry-after", "")
    limited = reply.status == TOO_MANY and REASON in reply.headers
    return int(after) if limited and after.isascii() and after.isdigit() and len(after) < MOST_DIGITS else None


def refused(reply: Reply, *, writes: bool = False) -> ToolFailed | None:
    """Return the gateway's own refusal, which says what to do; None where the reply is the vendor's."""
    if REASON not in reply.headers:
        return None
    try:
        refusal = GatewayRefusal.model_validate_json(reply.body)
    except ValidationError:
        return ToolFailed("The gateway refused this.", next_step="Try another way.")
    kind = Refused if reply.status == FORBIDDEN else ToolFailed
    after = reply.headers.get("retry-after", "")
    wait = f" (Retry-After: {after} s)" if after.isascii() and after.isdigit() else ""
    message = f"The gateway refused this: {clean_line(refusal.message)}"
    if not message.endswith((".", "!", "?", "…")):
        message += "."
    if reply.status == TOO_MANY and writes:
        message += " This write was not carried out."
    return kind(message, next_step=clean_line(refusal.remedy) + wait)
