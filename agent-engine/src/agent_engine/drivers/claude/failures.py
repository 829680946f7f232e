"""Why the Claude CLI came to no answer: its last word and its exit status, as a reason.

Its `subtype` and exit status lie alone (an API error is `subtype: success`, rc 1; a dead MCP server is rc 0), so
each is read together with the others.
"""

import re
from collections.abc import Mapping
from typing import Any

from agent_contracts.result import Reason
from service_kit.untrusted_text import clean_line

from agent_engine.drivers.protocol import ProcessExit
from agent_engine.engines.outcome import Failure

NOT_LOGGED_IN = re.compile(r"not logged in|invalid api key|please run /login", re.IGNORECASE)
OUTPUT_LIMIT = re.compile(r"output token maximum|max_tokens", re.IGNORECASE)
CUT_OFF = re.compile(
    r"connection|network|socket|fetch failed|ECONN|EPIPE|terminated|stream|aborted|empty or malformed|timed? ?out",
    re.IGNORECASE,
)
TIMED_OUT = re.compile(r"timed? ?out", re.IGNORECASE)
STATUS = re.compile(r"\bAPI Error: (\d{3})\b")
"""In the CLI's words where it names no status: a request of its own failed, as one that shortens the conversation."""
PREFIX = re.compile(r"^API Error:\s*(?:\d{3}\b:?\s*)?")
"""What the CLI puts before the model API's words: the message says it already."""
MESSAGE_LIMIT = 500


def failure_of(result: Mapping[str, Any] | None, end: ProcessExit, *, started: bool) -> Failure | None:
    """Say why the CLI came to no `result` event, or to one that it calls an error itself; None where it ended well."""
    if result is None:
        return _without_result(end, started)
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
    if end.returncode != 0 and not end.by_worker:
        return Failure("crashed", f"the CLI gave a result, then ended with status {end.returncode}")
    return None


def reason_of(status: int | None) -> Reason:
    """Say what a status of the model API comes to."""
    if status is None:
        return "timeout"
    if status in (401, 403):
        return "auth"
    if status == 402:
        return "budget"
    if status == 429:
        return "rate"
    if status == 529:
        return "overloaded"
    return "server" if status >= 500 else "config"


def _without_result(end: ProcessExit, started: bool) -> Failure:
    tail = clean_line(end.stderr_tail.strip()[-MESSAGE_LIMIT:], MESSAGE_LIMIT)
    said = f": {tail}" if tail else ""
    if NOT_LOGGED_IN.search(tail):
        return Failure("auth", f"the CLI has no key that works{said}")
    if started or end.killed:
        return Failure("crashed", f"the CLI ended with status {end.returncode} and no result{said}")
    return Failure("config", f"the CLI did not start (status {end.returncode}){said}")


def _unnamed_error(told: str, subtype: str) -> Failure:
    if status := STATUS.search(told):
        return Failure(reason_of(int(status[1])), f"the model API answered {status[1]}: {told}")
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
