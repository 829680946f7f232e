"""Understands calls that are written for another server of the vendor. No schema shows it: it costs no token."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from service_kit.json_text import read_json

Implied = Mapping[str, object] | Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""What the name of a peer's tool says by itself, as arguments of ours; or what makes our arguments of its own."""


@dataclass(frozen=True)
class Peers:
    """How other servers for the vendor say what ours take; our own words win.

    Attributes:
        names: their argument to ours. `owner/repo` are two of theirs, whose texts a slash joins.
        values: by our argument, their value in lower case to ours.
        nested: their objects whose members are arguments of ours.
        ignored: their arguments that ask for no more than our replies hold.
        hints: what to do instead, by an argument (`reaction`; `fork.organization` of one tool of ours) or a value
            (`method=get_logs_url`) that ours do not take.
        tools: what to do instead of calling one of their tools that ours have no equal to.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    nested: Collection[str] = ()
    ignored: Collection[str] = ()
    hints: Mapping[str, str] = field(default_factory=dict)
    tools: Mapping[str, str] = field(default_factory=dict)

    def read(self, arguments: Mapping[str, Any], fields: Collection[str]) -> dict[str, Any]:
        """Return a call's arguments under our names, `fields`; what is not understood stays as it is."""
        given = dict(arguments)
        for name in self.nested:
            if name not in fields and isinstance(inner := _object(given.get(name)), dict):
                given = {**inner, **{other: value for other, value in given.items() if other != name}}
        for theirs, ours in self.names.items():
            parts = theirs.split("/")
            if ours in fields and ours not in given and all(part in given and part not in fields for part in parts):
                values = [given.pop(part) for part in parts]
                given[ours] = values[0] if len(values) == 1 else "/".join(map(str, values))
        return {name: value for name, value in given.items() if name in fields or not self._asks_nothing(name, value)}

    def instead(self, tool: str, name: str, value: object, fields: Collection[str]) -> str | None:
        """Say what to do instead of giving a tool an argument, or a value, that it does not take; None if unknown."""
        if name in fields:
            return self.hints.get(f"{name}={value}")
        if (ours := self.names.get(name)) in fields:
            return f"it is {ours} here, which is given too"
        if hint := self.hints.get(f"{tool}.{name}"):
            return hint
        wanted = {ours for theirs, ours in self.names.items() if name in theirs.split("/")}
        return self.hints.get(name) if not wanted or wanted & set(fields) else None

    def _asks_nothing(self, name: str, value: object) -> bool:
        hinted = any(name == hint.rpartition(".")[2] for hint in self.hints)
        return name in self.ignored or (hinted and not value)


def _object(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return read_json(value)
    except ValueError:
        return None


NO_PEERS = Peers()
