"""Which tools are switched on: the operator's selection is the upper bound, a request's headers may only tighten it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from service_kit.errors import ConfigError
from service_kit.settings import split_csv

from mcp_kit.caller import Caller
from mcp_kit.tool import ToolSpec

READ_ONLY_HEADER = "x-mcp-readonly"
TOOLSETS_HEADER = "x-mcp-toolsets"
TOOLS_HEADER = "x-mcp-tools"
EXCLUDE_HEADER = "x-mcp-exclude-tools"
YES = frozenset({"1", "true", "yes", "on"})


@dataclass(frozen=True)
class Selection:
    """A choice of tools: toolsets and single tools add up, exclusion takes away, read-only wins over everything."""

    read_only: bool = False
    toolsets: frozenset[str] | None = None
    tools: frozenset[str] | None = None
    exclude: frozenset[str] = frozenset()

    def admits(self, spec: ToolSpec) -> bool:
        """Return whether a tool is part of the choice; without toolsets and tools named, every one is."""
        if spec.name in self.exclude or (self.read_only and spec.writes):
            return False
        if self.toolsets is None and self.tools is None:
            return True
        return spec.toolset in (self.toolsets or ()) or spec.name in (self.tools or ())


def names(text: str | None) -> frozenset[str] | None:
    """Read a comma list; None or `all` chooses nothing in particular."""
    if text is None or text.strip().lower() == "all":
        return None
    return frozenset(split_csv(text.lower()))


class Catalog:
    """A server's tools in their fixed order, the old names that still find them, and the operator's choice.

    Raises:
        ConfigError: the choice names a tool or toolset that does not exist.
    """

    def __init__(self, tools: Iterable[ToolSpec], *, aliases: Mapping[str, str], selection: Selection) -> None:
        self.tools = {spec.name: spec for spec in tools}
        self._aliases = dict(aliases)
        self._check(selection)
        self._selection = self._present_names(selection)

    @property
    def chosen(self) -> list[ToolSpec]:
        """The tools of the operator's choice."""
        return [spec for spec in self.tools.values() if self._selection.admits(spec)]

    def find(self, name: str) -> ToolSpec | None:
        """Return the tool of a name, or of an alias."""
        return self.tools.get(self._aliases.get(name, name))

    def visible(self, caller: Caller, headers: Mapping[str, str]) -> list[ToolSpec]:
        """Return the tools that a caller sees, in their fixed order; a request's headers may leave some out."""
        wanted = Selection(
            read_only=headers.get(READ_ONLY_HEADER, "").strip().lower() in YES,
            toolsets=names(headers.get(TOOLSETS_HEADER)),
            tools=names(headers.get(TOOLS_HEADER)),
            exclude=names(headers.get(EXCLUDE_HEADER)) or frozenset(),
        )
        asked = self._present_names(wanted)
        return [spec for spec in self.chosen if asked.admits(spec) and caller.may_use(spec)]

    def _present_names(self, selection: Selection) -> Selection:
        def present(chosen: frozenset[str]) -> frozenset[str]:
            return frozenset(self._aliases.get(name, name) for name in chosen)

        tools = None if selection.tools is None else present(selection.tools)
        return Selection(selection.read_only, selection.toolsets, tools, present(selection.exclude))

    def _check(self, selection: Selection) -> None:
        toolsets = {spec.toolset for spec in self.tools.values()}
        known = {*self.tools, *self._aliases}
        for kind, chosen, existing in (
            ("toolset", selection.toolsets or (), toolsets),
            ("tool", (*(selection.tools or ()), *selection.exclude), known),
        ):
            if unknown := sorted(set(chosen) - existing):
                raise ConfigError(f"there is no {kind} {', '.join(unknown)}: choose from {', '.join(sorted(existing))}")
