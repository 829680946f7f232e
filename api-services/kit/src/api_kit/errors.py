"""Our own refusals: each has a reason from a closed list, and says what to do."""

import service_kit.refusal
from service_kit.refusal import Reason

REASON_HEADER = "x-agent-gateway-error"

REASONS: dict[str, Reason] = {
    # who calls
    "service_token": Reason(
        401, "Send a token in Authorization: Bearer whose SHA-256 stands under `services` in access.yaml."
    ),
    "task_token": Reason(401, "Send the run's own task token for this gateway in X-Task-Token, or none."),
    "person_token": Reason(401, "Send the static token of a person of access.yaml in X-Person-Token, or none."),
    # the request as such
    "host": Reason(421, "Call this gateway by a name of ALLOWED_HOSTS."),
    "origin": Reason(403, "Call from a web origin of ALLOWED_ORIGINS."),
    "unknown_route": Reason(404, "Use a route of this gateway's table; all others are closed."),
    "method": Reason(405, "Use a method of the Allow header."),
    "path": Reason(400, "Send each path parameter encoded once, without / \\ ? # % or control characters."),
    "query": Reason(400, "Send the query parameters of this route only, each at most once, percent-encoded."),
    "header": Reason(400, "Leave the header out."),
    "media_type": Reason(406, "Accept one of the media types that this route gives."),
    "content_type": Reason(415, "Send the body in the content type of this route, without a content encoding."),
    "body": Reason(400, "Send one JSON document without duplicate keys, with the fields of this route only."),
    "body_too_large": Reason(413, "Send a smaller body."),
    "body_timeout": Reason(408, "Send the whole body at once."),
    # what the grant says
    "tenant": Reason(403, "Open this vendor for the tenant under `tenants` in access.yaml."),
    "credential": Reason(403, "Give this gateway a credential for the tenant."),
    "vendor": Reason(403, "Use the task token that was made for this vendor."),
    "person": Reason(403, "Open this vendor for the person under `people` in access.yaml."),
    "read_only": Reason(403, "The grant's mode is read: do without this write, or ask for a grant with mode write."),
    "tool_missing": Reason(403, "Name the tool that writes in X-Agent-Tool."),
    "tool": Reason(403, "Use a tool of the grant."),
    "tool_route": Reason(403, "Use the tool that this route is for."),
    "resource": Reason(403, "Keep to the resources of the grant."),
    "access": Reason(403, "Send the request in a form of which this gateway can tell whether it is dangerous."),
    "search_scope": Reason(400, "Leave scope qualifiers out: the gateway adds those of the grant."),
    "search_syntax": Reason(400, "Send a text that the grammar of this search allows."),
    "search_choice": Reason(400, "Choose what to search in: the grant names it by a pattern."),
    "stale_attempt": Reason(409, "Stop: another attempt of this task runs, or the task has ended."),
    # what was written before
    "limit": Reason(403, "Do without this write: the limit counts over all attempts of the task."),
    "key_conflict": Reason(409, "Look at what was done under this key, or send another Idempotency-Key."),
    "effect_open": Reason(409, "The same request is under way: wait as long as Retry-After says, then ask again."),
    "effect_unknown": Reason(409, "Look whether it is there before you ask again."),
    "effect_done": Reason(409, "It is done: do not repeat it."),
    "denied": Reason(409, "This was proposed and not approved: do not repeat it."),
    # what is written
    "secret": Reason(422, "Leave it out: tokens, keys and their parts are never written anywhere."),
    # limits
    "budget_tool_calls": Reason(402, "Call no more tools: answer with what you have, and say what is missing."),
    "rate": Reason(429, "Wait as long as Retry-After says."),
    "vendor_rate": Reason(429, "The vendor's own limit is used up: wait as long as Retry-After says."),
    # the operator or the vendor acts
    "effects_unavailable": Reason(503, "Nothing was sent. Try again when /ready says that the database is back."),
    "credential_refused": Reason(502, "Nothing was sent. Tell the operator: this gateway's log says more."),
    "upstream_open": Reason(503, "Nothing was sent: wait as long as Retry-After says."),
    "upstream_unreachable": Reason(502, "Nothing was sent. Try again later."),
    "upstream_late": Reason(504, "Nothing was sent: try again."),
    "upstream_timeout": Reason(504, "A write may have been carried out: look before repeating it."),
    "upstream_broken": Reason(502, "A write may have been carried out: look before repeating it."),
    "upstream_refused": Reason(502, "Nothing is known of what was asked about. Try again later."),
    "reply_too_large": Reason(502, "Ask for less: a smaller page, one file, a narrower search."),
    "reply_foreign": Reason(502, "The vendor's reply is of a resource outside the grant, so it is kept back."),
    "redirect": Reason(502, "The vendor points elsewhere: use the resource's present name."),
    "internal": Reason(500, "Look at this gateway's log."),
}


UNSENT = frozenset(
    {"credential_refused", "upstream_open", "upstream_late", "upstream_unreachable", "rate", "vendor_rate"}
)
"""The reasons for which nothing was sent."""


class Refusal(service_kit.refusal.Refusal):
    """A request that this gateway answers itself; the reason is a key of `REASONS`."""

    reasons = REASONS
    reason_header = REASON_HEADER
