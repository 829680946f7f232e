"""Templates of scenarios: Jinja2, sandboxed, over what the request says, so that a script is driven by real results."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import StrictUndefined, TemplateError, Undefined
from jinja2.sandbox import SandboxedEnvironment

from stand_ins.model.conversation import Conversation
from stand_ins.model.diffs import gists, line_comments
from stand_ins.model.errors import ScenarioError
from stand_ins.model.release_templates import changes, notes_body

WORDS = {
    "bug": ("crash", "error", "fail", "broken", "exception", "traceback", "bug", "wrong", "regression", "500"),
    "documentation": ("docs", "documentation", "readme", "typo", "guide", "manual"),
    "enhancement": ("feature", "support", "would be nice", "please add", "proposal", "improve", "enhancement"),
    "question": ("how do i", "how can i", "question", "what is", "is it possible"),
    "good first issue": ("easy", "small change", "beginner"),
}
"""Words in an issue's text that speak for a label."""
SHOWS_CAUSE = re.compile(r"^E +\S|^\S+:\d+: in \w|##\[error\]")
"""Lines of a log that a comment on it shows: what pytest says of an error and where, and the runner's own word."""
QUOTED = r'"(?:[^"\\\n]|\\.)*"'
ONE_EXPRESSION = re.compile(r"\s*\{\{((?:(?!\}\}).)*)\}\}\s*", re.DOTALL)


class Templates:
    """Renders the texts and inputs of a step for one conversation."""

    def __init__(self, conversation: Conversation) -> None:
        self._environment = SandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True)
        self._environment.filters["words"] = words
        results = conversation.texts(failed=False)
        self._names: dict[str, Any] = {
            "model": conversation.model,
            "prompt": conversation.prompt,
            "system": conversation.system,
            "step": len(conversation.replies),
            "has": lambda tool: conversation.full_name(tool) in conversation.tools,
            "got": lambda *tools: all(results[tool] for tool in tools),
            "tools": conversation.tools,
            "input": conversation.input,
            "results": results,
            "refs": conversation.refs(failed=False),
            "failed": conversation.texts(failed=True),
            "failed_refs": conversation.refs(failed=True),
            **FUNCTIONS,
        }

    def render(self, value: Any) -> Any:
        """Render every text in a value; a text that is one expression alone gives the expression's own value.

        Raises:
            ScenarioError: a template is wrong, or names something that the conversation has not.
        """
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Mapping):
            return {str(self.render(key)): self.render(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.render(item) for item in value]
        return value

    def holds(self, expression: str) -> bool:
        """Say whether an expression is true. Raises ScenarioError."""
        return bool(self._text("{{" + expression + "}}"))

    def _text(self, text: str) -> Any:
        if "{{" not in text and "{%" not in text:
            return text
        try:
            alone = ONE_EXPRESSION.fullmatch(text)
            if alone:
                value = self._environment.compile_expression(alone.group(1), undefined_to_none=False)(**self._names)
                return str(value) if isinstance(value, Undefined) else value
            return self._environment.from_string(text).render(**self._names)
        except (TemplateError, LookupError, TypeError, ValueError) as error:
            raise ScenarioError(f"template {text[:80]!r}: {error}") from error


def words(text: str, count: int) -> str:
    """Give the first words of a text."""
    return " ".join(text.split()[:count])


def names(text: str) -> list[str]:
    """Give the names that begin the rows of a list, as in `"bug" "Something isn't working"`."""
    return [json.loads(name) for name in re.findall(rf"^({QUOTED})", text, re.MULTILINE)]


def labels_of(issue: str) -> list[str]:
    """Give the labels that an issue has, by the row of facts that issue_read begins with."""
    row = re.search(rf", labels ({QUOTED}(?: {QUOTED})*)", issue)
    return [json.loads(name) for name in re.findall(QUOTED, row.group(1))] if row else []


def choose_labels(available: str, issue: str, most: int = 2) -> list[str]:
    """Choose the labels of an issue: those it has, and those of the repository that its words speak for.

    Args:
        available: the text of list_labels.
        issue: the text of issue_read.
        most: how many to add at most.
    """
    present = labels_of(issue)
    known = [name for name in names(available) if name not in present]
    lowered = re.sub(rf", labels {QUOTED}(?: {QUOTED})*", "", issue).lower()
    scores = {name: sum(lowered.count(word) for word in WORDS.get(name, (name.lower(),))) for name in known}
    chosen = sorted((name for name in known if scores[name]), key=lambda name: -scores[name])[:most]
    return present + (chosen or ([] if present else [name for name in ("question", *known) if name in known][:1]))


def similar(found: str, most: int = 1, least: float = 0.15) -> list[dict[str, Any]]:
    """Give number, title and likeness of the issues that find_similar_issues found, the most alike first.

    Args:
        found: the text of find_similar_issues.
        most: how many at most; one, since no more are opened.
        least: the likeness below which an issue is not called similar.
    """
    rows = re.findall(rf"^likeness (\d\.\d+) #(\d+) \w+ ({QUOTED})", found, re.MULTILINE)
    alike = [{"issue": int(number), "title": json.loads(title), "likeness": row} for row, number, title in rows]
    return [one for one in alike if float(one["likeness"]) >= least][:most]


def similar_output(found: str) -> list[dict[str, Any]]:
    """Give the issues that find_similar_issues found as the output of issue-triage names them."""
    return [
        {"issue": one["issue"], "why": f"Likeness {one['likeness']}: {one['title'][:200]}"} for one in similar(found)
    ]


def head_of(pull: str) -> str:
    """Give the branch of a pull request, by the row of facts that pull_request_read begins with."""
    return find(r', "(?:[^":]+:)?([^"]+)" -> "', pull)


def failures(logs: str) -> list[dict[str, Any]]:
    """Give the failed jobs that get_job_logs read: id and name, the cause, and the lines that show it."""
    found = []
    for part in re.split(r"(?m)^(?=job \d+ \w+ \")", logs)[1:]:
        number, name = re.findall(rf"job (\d+) \w+ ({QUOTED})", part)[0]
        lines = [line.strip()[:500] for line in part.splitlines() if SHOWS_CAUSE.search(line)]
        shown = list(dict.fromkeys(lines))[:5] or [part.splitlines()[0][:500]]
        cause = next((line for line in shown if line.startswith("E ")), shown[-1]).removeprefix("E ").strip()
        found.append({"job": int(number), "name": json.loads(name), "cause": cause, "log_lines": shown})
    return found


def explained(logs: str) -> str:
    """Write the comment that explains the failed jobs that get_job_logs read."""
    parts = [
        f"The job `{one['name']}` failed: {one['cause']}\n\n```\n{chr(10).join(one['log_lines'])}\n```"
        for one in failures(logs)
    ]
    return "\n\n".join(parts)


def find(pattern: str, text: str, default: str = "") -> str:
    """Give the first group, or the whole, of the first match of a regular expression."""
    match = re.search(pattern, text, re.MULTILINE)
    if match is None:
        return default
    return str(match.group(1) if match.groups() else match.group(0))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "changes": changes,
    "choose_labels": choose_labels,
    "explained": explained,
    "failures": failures,
    "find": find,
    "gists": gists,
    "head_of": head_of,
    "labels_of": labels_of,
    "line_comments": line_comments,
    "names": names,
    "notes_body": notes_body,
    "similar": similar,
    "similar_output": similar_output,
}
