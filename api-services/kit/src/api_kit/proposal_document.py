"""A proposed write as it is stored: the call to send later, and the text that an approver reads."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import takewhile
from typing import Any

from agent_contracts import Grant
from agent_effects import Stored
from service_kit.json_text import Json
from service_kit.untrusted_text import is_hidden

from api_kit.callers import Caller
from api_kit.errors import Refusal
from api_kit.routes import Call, Fetch, Route
from api_kit.table import Table

PROPOSED_SECONDS = 7 * 86_400.0
"""How long a proposal waits for a decision."""
MOST_COMPARED = 40_000
"""So many pairs of lines are compared; where more differ, all old ones stand before all new ones."""
_ODD = re.compile(r"[^ -~]")


async def stored(call: Call, caller: Caller, fetch: Fetch) -> Stored:
    """Return a call as it is stored, with its caller's grant: the same bounds are checked again before it is sent.

    Raises:
        Refusal: the present state cannot be read now; or `body`: it holds what the database does not keep.
    """
    if _holds_nul(call.body):
        raise Refusal("body", "a proposal's text holds a NUL character, which cannot be kept", remedy="Leave it out.")
    facts = await facts_of(call, fetch)
    text = shown(call, facts)
    kept: dict[str, Any] = {
        "path": dict(call.path),
        "query": dict(call.query),
        "body": call.body,
        "accept": call.accept,
        "service": caller.service,
        "person": caller.person,
        "any_tool": caller.any_tool,
        "grant": caller.grant.model_dump(mode="json"),
    }
    return Stored(kept, text, digest(text), base(call, facts), PROPOSED_SECONDS)


def _holds_nul(value: Json) -> bool:
    """Say whether a document's texts hold a NUL character; a file's bytes are kept as base64, and may."""
    if isinstance(value, dict):
        return any("\0" in name or _holds_nul(inner) for name, inner in value.items())
    return any(map(_holds_nul, value)) if isinstance(value, list) else isinstance(value, str) and "\0" in value


def restored(table: Table, route: str, kept: Mapping[str, Any]) -> Call:
    """Return the call that was stored.

    Raises:
        Refusal: `unknown_route`: the table has no such route any more.
    """
    found: Route | None = next((item for item in table.routes if item.name == route), None)
    if found is None or not found.writes:
        raise Refusal("unknown_route", f"the gateway has no write {route!r} any more")
    asked = {name: value if isinstance(value, str) else tuple(value) for name, value in kept["query"].items()}
    return Call(found, kept["path"], asked, kept["body"], kept["accept"])


def asker(kept: Mapping[str, Any], **of: Any) -> Caller:
    """Return the caller of a stored call, with the grant under which it was asked for."""
    grant = Grant.model_validate(kept["grant"])
    return Caller(kept["service"], grant=grant, any_tool=kept["any_tool"], person=kept.get("person"), **of)


async def facts_of(call: Call, fetch: Fetch) -> Mapping[str, Json] | None:
    """Read the things that a call changes, as they are now; None if the route reads none, or they are gone.

    Raises:
        Refusal: the vendor cannot be asked now.
    """
    return await call.route.read_before(call, fetch) if call.route.read_before else None


def base(call: Call, facts: Mapping[str, Json] | None) -> str | None:
    """Return the fingerprint of the facts that a decision rests on; None for a route that reads none."""
    if call.route.read_before is None:
        return None
    return digest(json.dumps(facts, sort_keys=True, ensure_ascii=False))


def digest(text: str) -> str:
    """Return the hash by which an approver names the text."""
    return hashlib.sha256(text.encode()).hexdigest()


def shown(call: Call, facts: Mapping[str, Json] | None) -> str:
    """Write out a call for an approver, with hidden characters made visible.

    A fact with the name of a field of the body is shown as that field's diff, any other as it is now.
    """
    lines = [f"{call.route.method} {call.path_and_query}"]
    lines.append(f"target: {call.target}")
    if (present := base(call, facts)) is not None:
        lines.append(f"as of: {present[:16]}")
    if call.route.read_before is not None and facts is None:
        lines.append("There is nothing there now.")
    fields: Mapping[str, Json] = call.body if isinstance(call.body, dict) else {"": call.body}
    known = facts or {}
    for name in sorted(fields) if call.body is not None else ():
        before = known.get(name)
        lines += ["", f"{name}:" if name else "body:"]
        lines += diff([] if before is None else _text(before), _text(fields[name]))
    title = known.get("title")
    for name in sorted(known.keys() - fields.keys() - ({"title"} if isinstance(title, str) else set())):
        lines += ["", f"{name} now:", *(f"  {line}" for line in _text(known[name]))]
    if isinstance(title, str):
        lines.insert(2, f"title now: {title}")
    return "\n".join(_ODD.sub(lambda found: _seen(found[0]), line) for line in lines) + "\n"


@lru_cache(maxsize=4096)
def _seen(character: str) -> str:
    r"""Write a hidden character or control as `\u{...}`; letters of other scripts stay."""
    return f"\\u{{{ord(character):x}}}" if is_hidden(character) else character


def diff(before: list[str], after: list[str]) -> list[str]:
    """Mark lines that stay with two spaces, those that go with `-`, those that come with `+`."""
    head = _shared(before, after)
    tail = _shared(reversed(before[head:]), reversed(after[head:]))
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    steps: Iterable[tuple[str, int, int, int, int]] = [("replace", 0, len(old), 0, len(new))]
    if len(old) * len(new) <= MOST_COMPARED:
        steps = SequenceMatcher(None, old, new).get_opcodes()
    lines = [f"  {line}" for line in before[:head]]
    for step, start, end, first, last in steps:
        if step == "equal":
            lines += [f"  {line}" for line in old[start:end]]
        else:
            lines += [*(f"- {line}" for line in old[start:end]), *(f"+ {line}" for line in new[first:last])]
    return lines + [f"  {line}" for line in before[len(before) - tail :]]


def _shared(first: Iterable[str], second: Iterable[str]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))


def _text(value: Json) -> list[str]:
    if isinstance(value, str):
        return re.split("\r?\n", value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return sorted(str(item) for item in value)
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False).split("\n")
