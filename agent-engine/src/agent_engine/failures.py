"""Why a CLI did not come to an end of its own: its last word, its exit status and what stopped it, as a reason.

The CLI's `subtype` and exit status lie alone (an API error is `subtype: success`, rc 1; a dead MCP server is rc 0), so
each is read together with the others.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agent_contracts.result import Reason
from service_kit.untrusted_text import clean_line

from agent_engine.drivers.claude_stream import CONNECTED, reason_of
from agent_engine.spec import RunEnd

NOT_LOGGED_IN = re.compile(r"not logged in|invalid api key|please run /login", re.IGNORECASE)
OUTPUT_LIMIT = re.compile(r"output token maximum|max_tokens", re.IGNORECASE)
CUT_OFF = re.compile(
    r"connection|network|socket|fetch failed|ECONN|EPIPE|terminated|stream|aborted|empty or malformed|timed? ?out",
    re.IGNORECASE,
)
TIMED_OUT = re.compile(r"timed? ?out", re.IGNORECASE)
PREFIX = re.compile(r"^API Error:\s*(?:\d{3}\b:?\s*)?")
"""What the CLI puts before the model API's words: the message says it already."""
MESSAGE_LIMIT = 500


@dataclass(frozen=True)
class Failure:
    """Why it did not succeed, from the closed list and in words."""

    reason: Reason
    message: str


def stopped(end: RunEnd, *, wall_seconds: float, idle_seconds: float) -> Failure | None:
    """Say what the worker stopped the run for, if it did."""
    if end.ended_by == "cancelled":
        return Failure("cancelled", "cancelled while it ran")
    if end.ended_by == "output":
        return Failure("budget", f"the CLI was stopped: {'; '.join(end.reached)}")
    if end.ended_by == "idle":
        return Failure("idle", f"the CLI said nothing for {idle_seconds:g} s and was stopped")
    if end.ended_by == "wall":
        return Failure("timeout", f"the run took longer than its {wall_seconds:g} s and was stopped")
    if end.ended_by in ("lost_lease", "shutdown"):
        return Failure("crashed", "the worker stopped while the run was under way")
    return None


def broken(end: RunEnd) -> Failure | None:
    """Say why the CLI came to no result, or to one that it calls an error itself; limits that it reached go first."""
    failure = _broken(end)
    if failure is not None and failure.reason in ("crashed", "config") and end.reached:
        return Failure("crashed", f"{'; '.join(end.reached)}; {failure.message}")
    return failure


def _broken(end: RunEnd) -> Failure | None:
    result = end.last_result
    if result is None:
        return _without_result(end)
    told = _told(result)
    subtype, ending = str(result.get("subtype", "")), str(result.get("terminal_reason") or "")
    if subtype == "error_max_turns" or ending == "max_turns":
        return Failure("turns", f"the turn limit was reached after {result.get('num_turns')} turns")
    if subtype == "error_max_budget_usd" or ending == "budget_exhausted":
        return Failure("budget", "the CLI's own budget was used up")
    if subtype == "error_max_structured_output_retries":
        return Failure("schema", "the CLI gave up bringing the answer into its form")
    status = result.get("api_error_status")
    if isinstance(status, int):
        return Failure(reason_of(status), f"the model API answered {status}: {told}")
    if result.get("stop_reason") == "refusal":
        return Failure("refusal", f"the model refused: {told}")
    if result.get("is_error") is not False:
        return _unnamed_error(told, subtype)
    if ending not in ("", "completed"):
        return Failure("crashed", f"the CLI ended as '{ending}': {told}")
    if end.returncode != 0 or end.ended_by == "crashed":
        return Failure("crashed", f"the CLI gave a result, then ended with status {end.returncode}")
    return None


def unconnected(init: Mapping[str, Any] | None, needed: tuple[str, ...]) -> Failure | None:
    """Name the MCP servers that the run needs and that the CLI did not connect to."""
    given = (init or {}).get("mcp_servers")
    states = {
        str(server.get("name")): str(server.get("status"))
        for server in (given if isinstance(given, list) else [])
        if isinstance(server, dict)
    }
    down = [f"{name} ({states.get(name, 'not there')})" for name in needed if states.get(name) != CONNECTED]
    return Failure("mcp_down", f"MCP server not connected: {', '.join(down)}") if down else None


def _without_result(end: RunEnd) -> Failure:
    tail = clean_line(end.stderr_tail.strip()[-MESSAGE_LIMIT:], MESSAGE_LIMIT)
    said = f": {tail}" if tail else ""
    if NOT_LOGGED_IN.search(tail):
        return Failure("auth", f"the CLI has no key that works{said}")
    started = end.init is not None
    killed = end.returncode is None or end.returncode < 0 or end.returncode > 128 or end.ended_by == "crashed"
    if started or killed:
        return Failure("crashed", f"the CLI ended with status {end.returncode} and no result{said}")
    return Failure("config", f"the CLI did not start (status {end.returncode}){said}")


def _unnamed_error(told: str, subtype: str) -> Failure:
    if NOT_LOGGED_IN.search(told):
        return Failure("auth", f"the CLI has no key that works: {told}")
    if OUTPUT_LIMIT.search(told):
        return Failure("budget", f"the answer was longer than the model's output limit: {told}")
    if TIMED_OUT.search(told):
        return Failure("server", f"the model API did not answer in time: {told}")
    if CUT_OFF.search(told):
        return Failure("server", f"the model API was cut off: {told}")
    return Failure("crashed", f"the CLI reports {subtype or 'an error'}: {told}")


def _told(result: Mapping[str, Any]) -> str:
    errors = result.get("errors")
    parts = [str(result.get("result") or ""), *(map(str, errors) if isinstance(errors, list) else [])]
    said = (PREFIX.sub("", part.strip()) for part in parts)
    return clean_line(" ".join(part for part in said if part), MESSAGE_LIMIT) or "nothing was said"
