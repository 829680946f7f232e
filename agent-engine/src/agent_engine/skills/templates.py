"""Templates in a skill's settings: a task's input replaces each `${input.NAME}`, literally."""

import json
import re
from typing import Any

from service_kit.untrusted_text import clean_line

from agent_engine.errors import TaskRefused

INPUT_VALUE = re.compile(r"\$\{input\.([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*)\}")
SHOWN = 80


def fill(template: str, given: str | dict[str, Any]) -> str:
    """Put the input's values into a template.

    Raises:
        TaskRefused: a value is missing, or is neither text nor a whole number (`invalid`).
    """
    return INPUT_VALUE.sub(lambda match: _value(match.group(1), given), template)


def _value(path: str, given: str | dict[str, Any]) -> str:
    value: Any = given
    for part in path.split("."):
        if not isinstance(value, dict) or part not in value:
            raise TaskRefused("invalid", f"the input has no '{path}', which this skill needs")
        value = value[part]
    if isinstance(value, bool) or not isinstance(value, str | int):
        shown = clean_line(json.dumps(value), SHOWN)
        raise TaskRefused("invalid", f"the input's '{path}' is {shown}: give text or a whole number, as in 1 for 1.0")
    return str(value)
