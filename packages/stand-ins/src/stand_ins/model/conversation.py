"""What a request to the Messages API says: prompt, tools, tool results, and how far the conversation is."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from stand_ins.model.errors import BadRequestError

SKILL_LINE = re.compile(r"^Skill: ([a-z0-9-]+)\s*$", re.MULTILINE)
SCENARIO_MARK = re.compile(r"\bSCENARIO:([a-z0-9]+(?:-[a-z0-9]+)*)")
REF_LINE = re.compile(r"\nref: ([a-z2-7]{8})\Z")
REMINDER = re.compile(r"<system-reminder>.*?</system-reminder>", re.DOTALL)
"""What the CLI itself adds: working directory, date and model before the prompt, tokens left behind a tool result."""
SYNTHETIC = frozenset({"No response requested.", "(no content)"})
"""Assistant messages that the CLI makes up when it resumes a session: no reply of ours."""
INTERRUPTED = re.compile(r"\[Tool (?:call|use|result) (?:interrupted|missing)\b")
"""How the result begins that the CLI makes up for a call whose run was killed before it was answered."""


@dataclass(frozen=True)
class Outcome:
    """What a tool call came to; `use` is the call's id."""

    use: str
    tool: str
    text: str
    failed: bool

    @property
    def short(self) -> str:
        """The tool's name without its server's prefix."""
        return short_name(self.tool)

    @property
    def lost(self) -> bool:
        """Whether this is no result: a resumed CLI says that the call was cut off."""
        return self.failed and INTERRUPTED.match(self.text) is not None

    @property
    def ref(self) -> str | None:
        """The evidence ref in the text's last line."""
        found = REF_LINE.search("\n" + self.text)
        return found.group(1) if found else None


class ByTool(dict[str, list[str]]):
    """Texts or refs by tool; a tool that was not called has none."""

    def __missing__(self, tool: str) -> list[str]:
        """Give an empty list."""
        return []


@dataclass(frozen=True)
class Conversation:
    """One request, read for playing a scenario.

    `replies` holds the number of tool calls of each reply so far. A reply with a call that was cut off is none, so that
    its step is played again.
    """

    model: str
    system: str
    prompt: str
    replies: tuple[int, ...]
    tools: list[str]
    outcomes: list[Outcome]
    session: str
    everything: str = field(repr=False)

    @property
    def skill(self) -> str | None:
        """The skill that the engine states in its system prompt."""
        found = SKILL_LINE.search(self.system)
        return found.group(1) if found else None

    @property
    def named(self) -> list[str]:
        """The scenarios that the conversation names itself, as in `SCENARIO:rate-429`, in order."""
        return SCENARIO_MARK.findall(self.everything)

    @cached_property
    def input(self) -> dict[str, Any]:
        """The first JSON object in the prompt: the task's input."""
        return first_object(self.prompt)

    def texts(self, *, failed: bool) -> "ByTool":
        """Give the texts of tool results by full and by short name."""
        found = ByTool()
        for outcome in self.outcomes:
            if outcome.failed == failed:
                for name in {outcome.tool, outcome.short}:
                    found.setdefault(name, []).append(outcome.text)
        return found

    def refs(self, *, failed: bool) -> "ByTool":
        """Give the refs of tool results by full and by short name."""
        found = ByTool()
        for outcome in self.outcomes:
            if outcome.failed == failed and outcome.ref is not None:
                for name in {outcome.tool, outcome.short}:
                    found.setdefault(name, []).append(outcome.ref)
        return found

    def full_name(self, tool: str) -> str:
        """Find an offered tool by full or short name; an unknown name is given back as it is."""
        if tool in self.tools:
            return tool
        return next((name for name in self.tools if short_name(name) == tool), tool)


def parse(body: Mapping[str, Any], *, session: str = "") -> Conversation:
    """Read a request body. Raises BadRequestError for what the Messages API would refuse."""
    for name in ("model", "messages", "max_tokens"):
        if name not in body:
            raise BadRequestError(f"{name}: Field required")
    messages = body["messages"]
    if not isinstance(messages, list) or not messages:
        raise BadRequestError("messages: at least one message is required")
    system = text_of(body.get("system", ""))
    outcomes = list(_outcomes(messages))
    first = next((message.get("content", "") for message in messages if message.get("role") == "user"), "")
    prompt = REMINDER.sub("", text_of(first)).strip()
    tools = [str(tool["name"]) for tool in body.get("tools", []) if "name" in tool]
    everything = "\n".join([system, *(text_of(message.get("content", "")) for message in messages)])
    metadata = body.get("metadata") or {}
    lost = {outcome.use for outcome in outcomes if outcome.lost}
    replies = [_uses(message) for message in messages if _is_reply(message)]
    return Conversation(
        model=str(body["model"]),
        system=system,
        prompt=prompt,
        replies=tuple(len(uses) for uses in replies if not lost & uses.keys()),
        tools=tools,
        outcomes=[outcome for outcome in outcomes if not outcome.lost],
        session=session or str(metadata.get("user_id", "")) or prompt,
        everything=everything,
    )


def text_of(content: object) -> str:
    """Join the texts of a content value: a string, or blocks with texts and tool results."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    parts = []
    for block in content:
        if isinstance(block, Mapping):
            if block.get("type") == "text":
                parts.append(str(block.get("text", "")))
            elif block.get("type") == "tool_result":
                parts.append(text_of(block.get("content", "")))
    return "\n".join(parts)


def short_name(tool: str) -> str:
    """Give a tool's name without `mcp__server__`."""
    return tool.rsplit("__", 1)[-1]


def first_object(text: str) -> dict[str, Any]:
    """Give the first non-empty JSON object that occurs in a text, else an empty one."""
    decoder = json.JSONDecoder()
    for found in re.finditer(r"\{", text):
        try:
            value, _ = decoder.raw_decode(text, found.start())
        except ValueError:
            continue
        if isinstance(value, dict) and value:
            return value
    return {}


def _is_reply(message: Mapping[str, Any]) -> bool:
    return message.get("role") == "assistant" and text_of(message.get("content", "")) not in SYNTHETIC


def _outcomes(messages: list[Any]) -> Iterator[Outcome]:
    """Give the tool results in order; each must answer a tool_use of the message before it."""
    asked: dict[str, str] = {}
    for message in messages:
        if not isinstance(message, Mapping) or message.get("role") not in ("user", "assistant", "system"):
            raise BadRequestError("messages: each needs a role of user or assistant")
        if message["role"] == "assistant":
            asked = _uses(message)
            continue
        answered = set()
        for block in _blocks(message):
            if block.get("type") != "tool_result":
                continue
            use = str(block.get("tool_use_id"))
            if use not in asked:
                raise BadRequestError(
                    f"messages: unexpected tool_use_id {use} in tool_result: no such tool_use before it"
                )
            answered.add(use)
            text = REMINDER.sub("", text_of(block.get("content", ""))).rstrip()
            yield Outcome(use, asked[use], text, bool(block.get("is_error")))
        missing = set(asked) - answered
        if missing:
            raise BadRequestError(f"messages: tool_use {sorted(missing)[0]} has no tool_result in the next message")
        asked = {}


def _uses(message: Mapping[str, Any]) -> dict[str, str]:
    """Give the tools that a message calls, by the call's id."""
    return {str(block["id"]): str(block["name"]) for block in _blocks(message) if block.get("type") == "tool_use"}


def _blocks(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    content = message.get("content", [])
    return [block for block in content if isinstance(block, Mapping)] if isinstance(content, list) else []
