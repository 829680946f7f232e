"""A task's input as the command line gives it: JSON, text, a file, or pairs."""

import json
from pathlib import Path
from typing import Any

from service_kit.json_text import read_json
from service_kit.untrusted_text import clean_line

from agent_engine.cli.console import UsageError, why

SHOWN = 80
"""The most characters of a value that an error repeats."""


def read_input(given: list[str], text: str | None = None) -> str | dict[str, Any]:
    """Read a task's input from every --input, or --input-text, which is sent as it is.

    Raises:
        UsageError: a file cannot be read, the forms are mixed, or text that looks like JSON is not valid JSON.
    """
    if text is not None:
        if given:
            raise UsageError("--input and --input-text are both given: take one of them")
        return text
    if not given:
        raise UsageError("the task has no input: give --input or --input-text")
    if len(given) == 1 and not _is_pair(given[0]):
        content = _content(given[0])
        if not content.lstrip().startswith("{"):
            return content
        try:
            value = read_json(content)
        except ValueError as error:
            raise UsageError(
                f"--input looks like JSON, but is none: {error}; to send it as text, use --input-text"
            ) from None
        assert isinstance(value, dict)
        return value
    return _pairs(given)


def _content(text: str) -> str:
    if not text.startswith("@"):
        return text
    try:
        return Path(text[1:]).read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise UsageError(why(error, f"--input {clean_line(text, SHOWN)}")) from None


def _pairs(given: list[str]) -> dict[str, Any]:
    pairs: dict[str, Any] = {}
    for part in given:
        if not _is_pair(part):
            raise UsageError(f"--input {clean_line(part, SHOWN)!r} is not key=value, and several --input must all be")
        name, _, value = part.partition("=")
        if name in pairs:
            raise UsageError(f"--input {name} is given twice: leave one of them out")
        pairs[name] = _value(name, value)
    return pairs


def _is_pair(text: str) -> bool:
    name, separator, _ = text.partition("=")
    return bool(separator) and name.isidentifier()


def _value(name: str, text: str) -> Any:
    try:
        return read_json(text)
    except ValueError as error:
        if text.startswith(("{", "[")):
            quoted = f"{name}={json.dumps(text[:40], ensure_ascii=False)}"
            message = f"--input {name}: looks like JSON, but is none: {error}; to send it as text, put it in quotes"
            raise UsageError(f"{message}: '{quoted}'" if len(text) <= 40 else message) from None
        return text
