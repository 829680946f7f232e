"""Required effects: the writes without which a task of a skill has not succeeded."""

import re
from dataclasses import dataclass, replace
from typing import Any, Self

from agent_contracts import EffectSummary
from agent_vendors import kinds_of

from agent_engine.skills.templates import INPUT_VALUE, fill

FORM = "server/tool[field,field]@TARGET"
ENTRY = re.compile(
    r"(?P<tool>[a-z0-9-]+/[a-z0-9_]+)(?:\[(?P<fields>[A-Za-z0-9_-]+(?:,[A-Za-z0-9_-]+)*)\])?(?:@(?P<target>[^\s\[\],@]+))?"
)
BETWEEN = re.compile(r"[\s,]+(?![^\[\]]*\])")
"""What parts two entries: blanks and commas, but those between a field and the next."""


@dataclass(frozen=True, kw_only=True)
class RequiredEffect:
    """One write that a skill requires.

    Attributes:
        tool: server and tool, as in `github/issue_write`.
        fields: those of the request's body that must have been written.
        target: what must have been written to, in the gateway's words; may hold places until it is bound.
    """

    tool: str
    fields: tuple[str, ...] = ()
    target: str | None = None

    @classmethod
    def parse(cls, entry: str) -> Self:
        """Read an entry of `required-effects`. Raises ValueError, which names an entry of another form."""
        match = ENTRY.fullmatch(entry)
        if match is None:
            raise ValueError(f"'{entry}' is not {FORM}, as in github/issue_write[labels]@${{input.repository}}")
        target = match["target"]
        if target is not None and set("${}") & set(INPUT_VALUE.sub("", target)):
            raise ValueError(f"'{entry}': a place in its target is written ${{input.NAME}}")
        fields = tuple(match["fields"].split(",")) if match["fields"] else ()
        return cls(tool=match["tool"], fields=fields, target=target)

    def __str__(self) -> str:
        """Write it as in the skill."""
        fields = f"[{','.join(self.fields)}]" if self.fields else ""
        return f"{self.tool}{fields}" + (f"@{self.target}" if self.target is not None else "")

    @property
    def server(self) -> str:
        """The server whose tool it is."""
        return self.tool.partition("/")[0]

    def bound(self, given: str | dict[str, Any]) -> Self:
        """Put a task's input into its target; see `fill`.

        Raises:
            TaskRefused: a value is missing, or is neither text nor a whole number (`invalid`).
        """
        return self if self.target is None else replace(self, target=fill(self.target, given))

    def by_its_tool(self, effect: EffectSummary) -> bool:
        """Say whether an effect is a write by this tool, to whatever."""
        return f"{effect.vendor}/{effect.tool}" == self.tool

    def on_its_target(self, effect: EffectSummary) -> bool:
        """Say whether an effect is about the target, as the vendor compares names of the kind that the target names."""
        if self.target is None or effect.target == self.target:
            return True
        kinds = [kind for kind in kinds_of(self.server).values() if kind.grammar.match(self.target)]
        return bool(kinds) and all(kind.same(effect.target, self.target) for kind in kinds)

    def fits(self, effect: EffectSummary) -> bool:
        """Say whether an effect is this write, whatever became of it."""
        return self.by_its_tool(effect) and self.on_its_target(effect) and set(self.fields) <= set(effect.fields)


def entries(text: str) -> tuple[str, ...]:
    """Part the setting's text into its entries."""
    return tuple("".join(entry.split()) for entry in BETWEEN.split(text) if entry)
