"""Checks a request: strict JSON, closed body, known betas; what is sent on is made anew from what was checked."""

from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import parse_qsl

from pydantic import ValidationError
from service_kit.body import build_json, check_fields, parse_json
from service_kit.settings import split_csv
from starlette.datastructures import Headers

from model_api.dialect import CheckedRequest
from model_api.dialects.messages.input_bound import input_bound
from model_api.dialects.messages.schema import CountRequest, MessagesRequest, ThinkingEnabled
from model_api.errors import ModelRefusal

API_VERSION = "2023-06-01"
BETAS = frozenset(
    {
        "claude-code-20250219",
        "context-management-2025-06-27",
        "effort-2025-11-24",
        "interleaved-thinking-2025-05-14",
        "mid-conversation-tool-changes-2026-07-01",
        "per-turn-control-2026-07-01",
        "thinking-display-updates-2026-08-18",
        "thinking-token-count-2026-05-13",
    }
)
"""Those that the Claude CLI sends (2.1.329, captured over its models); any other is refused."""


LEAST_THINKING = 1024
"""The smallest thinking budget that the API takes; max_tokens must be larger."""


def check(raw: bytes, headers: Headers, query: bytes, *, kind: type[CountRequest] = MessagesRequest) -> CheckedRequest:
    """Check a request whole, as one of the two kinds of body, and make the one that is sent.

    Of the caller's headers only version and betas are sent on; all others are dropped.

    Raises:
        ModelRefusal: `header`, `query`, `content_type`, `rate` or `body`; the message names the field.
    """
    sent = _headers(headers)
    passed = _query(query)
    encoding = headers.get("content-encoding", "").strip()
    parsed = parse_json(raw, headers.get("content-type", ""), encoding, ModelRefusal)
    document = check_fields(parsed, kind.model_fields.keys(), ModelRefusal)
    try:
        body = kind.model_validate(document)
    except ValidationError as error:
        raise ModelRefusal("body", _explain(error)) from None
    content = build_json(document)
    checked = CheckedRequest(body.model, False, document, content, sent, input_bound(body, len(content)), passed)
    if not isinstance(body, MessagesRequest):
        return checked
    fewest = LEAST_THINKING + 1 if isinstance(body.thinking, ThinkingEnabled) else 1
    return replace(checked, stream=body.stream, max_output=body.max_tokens, fewest_output=fewest)


def betas(values: Iterable[str]) -> list[str]:
    """Read anthropic-beta headers. Raises ModelRefusal for a beta that is not on the list."""
    found = [name for value in values for name in split_csv(value)]
    for name in found:
        if name not in BETAS:
            known = ", ".join(sorted(BETAS))
            raise ModelRefusal("header", f"anthropic-beta: {name[:100]!r} is not passed on here (known: {known})")
    return list(dict.fromkeys(found))


def _headers(headers: Headers) -> dict[str, str]:
    versions = headers.getlist("anthropic-version")
    if versions != [API_VERSION]:
        raise ModelRefusal("header", f"anthropic-version: send it once, as {API_VERSION}")
    sent = {"anthropic-version": API_VERSION, "content-type": "application/json", "accept-encoding": "identity"}
    known = betas(headers.getlist("anthropic-beta"))
    if known:
        sent["anthropic-beta"] = ",".join(known)
    return sent


def _query(query: bytes) -> dict[str, str]:
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    if pairs not in ([], [("beta", "true")]):
        raise ModelRefusal("query", f"query: only beta=true is passed on, not {query.decode('latin-1')[:100]!r}")
    return dict(pairs)


def _explain(error: ValidationError) -> str:
    """Name the field that is wrong: an unknown one before all others, else the one deepest in the body."""
    items = error.errors(include_url=False, include_input=False)
    unknown = [item for item in items if item["type"] == "extra_forbidden"]
    item = max(unknown or items, key=lambda found: len(found["loc"]))
    where = ".".join(_readable(item["loc"]))
    if unknown:
        return f"{where}: Extra inputs are not permitted: this field is not passed on to the model"
    return f"{where}: {item['msg'][:300]}"


def _readable(location: tuple[int | str, ...]) -> list[str]:
    """Leave out what names a branch of the models and no field of the body."""
    parts = [str(part)[:100] for part in location]
    return [part for part in parts if part != "str" and not part.startswith(("list[", "dict["))]
