"""Which tools are switched on: the operator's selection is the upper bound, a request's headers may only tighten it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from service_kit.errors import ConfigError
from service_kit.log import get_logger
from service_kit.settings import split_csv
from service_kit.untrusted_text import clean_line

from mcp_kit.caller import Caller
from mcp_kit.errors import Refused
from mcp_kit.tool import ToolSpec

READ_ONLY_HEADER = "x-mcp-readonly"
TOOLSETS_HEADER = "x-mcp-toolsets"
TOOLS_HEADER = "x-mcp-tools"
EXCLUDE_HEADER = "x-mcp-exclude-tools"
YES = frozenset({"1", "true", "yes", "on"})
NO = frozenset({"", "0", "false", "no", "off"})
ALL, DEFAULT = "all", "default"
log = get_logger(__name__)
MEND = "Have the headers in the client's configuration corrected."


@dataclass(frozen=True)
class Selection:
    """A choice of tools: toolsets and single tools add up, exclusion takes away, read-only wins over everything.

    A toolset `all` has every tool, and `default` those that a server shows where nothing is chosen.
    """

    read_only: bool = False
    toolsets: frozenset[str] | None = None
    tools: frozenset[str] | None = None
    exclude: frozenset[str] = frozenset()

    @property
    def chooses(self) -> bool:
        """Whether toolsets or tools are named; without them no tool is left out but by the other two."""
        return self.toolsets is not None or self.tools is not None

    def admits(self, spec: ToolSpec) -> bool:
        """Return whether a tool is part of the choice."""
        if spec.name in self.exclude or (self.read_only and spec.writes):
            return False
        return not self.chooses or self.names(spec) or not {spec.toolset, ALL}.isdisjoint(self.toolsets or ())

    def names(self, spec: ToolSpec) -> bool:
        """Return whether a tool is chosen by its own name."""
        return spec.name in (self.tools or ())


def names(text: str | None) -> frozenset[str] | None:
    """Read a comma list; None chooses nothing in particular."""
    return None if text is None else frozenset(split_csv(text.lower()))


def is_set(headers: Mapping[str, str], name: str) -> bool:
    """Return whether a header says yes; Refused where it says neither yes nor no."""
    flag = headers.get(name, "").strip().lower()
    if flag not in YES | NO:
        raise Refused(
            f"The header {name} is {clean_line(flag, 60)!r}, neither true nor false; nothing was done.", next_step=MEND
        )
    return flag in YES


class Catalog:
    """A server's tools in their fixed order, the old names that still find them, and the operator's choice.

    `default` are the toolsets that are shown where nobody chooses; None for all of them.

    Raises:
        ConfigError: the choice names a tool or toolset that does not exist.
    """

    def __init__(
        self,
        tools: Iterable[ToolSpec],
        *,
        aliases: Mapping[str, str],
        selection: Selection,
        default: frozenset[str] | None = None,
        toolset_aliases: Mapping[str, str] | None = None,
    ) -> None:
        self.tools = {spec.name: spec for spec in tools}
        self._aliases = dict(aliases)
        self._toolset_aliases = dict(toolset_aliases or {})
        self._default = frozenset({ALL}) if default is None else default
        if unknown := self._unknown(selection):
            raise ConfigError(unknown)
        self._selection = self._present_names(selection)
        if selection.read_only and (unseen := [one.name for one in self.tools.values() if self._writes(one)]):
            log.warning("read-only leaves out tools that are chosen by name", tools=", ".join(unseen))

    @property
    def chosen(self) -> list[ToolSpec]:
        """The tools of the operator's choice, and those that a caller's own choice or grant may add to them."""
        return [spec for spec in self.tools.values() if self._selection.admits(spec)]

    def find(self, name: str) -> ToolSpec | None:
        """Return the tool of a name, or of an alias."""
        return self.tools.get(self._aliases.get(name, name))

    def visible(self, caller: Caller, headers: Mapping[str, str]) -> list[ToolSpec]:
        """Return the tools that a caller sees, in their fixed order; a request's headers may leave some out.

        Raises:
            Refused: a header names a tool or toolset that is not there, or says neither yes nor no.
        """
        wanted = Selection(
            read_only=is_set(headers, READ_ONLY_HEADER),
            toolsets=names(headers.get(TOOLSETS_HEADER)),
            tools=names(headers.get(TOOLS_HEADER)),
            exclude=names(headers.get(EXCLUDE_HEADER)) or frozenset(),
        )
        if unknown := self._unknown(wanted):
            raise Refused(
                f"A header of the request names what is not there; nothing was done: {unknown}.", next_step=MEND
            )
        asked = self._present_names(wanted)
        granted = frozenset(caller.bound.tools) if caller.bound and caller.bound.tools is not None else frozenset()
        if shut := [spec.name for spec in self.tools.values() if asked.names(spec) and not self._opens(spec, granted)]:
            raise Refused(
                f"A header of the request names {', '.join(shut)}, which no header switches on; nothing was done.",
                next_step="Only the operator opens what may do harm, by the setting TOOLS, or a grant that names it.",
            )
        shown = Selection(toolsets=self._default)
        if self._selection.chooses or asked.chooses or granted:
            shown = Selection()
        return [
            spec
            for spec in self.chosen
            if asked.admits(spec) and shown.admits(spec) and caller.may_use(spec) and self._opens(spec, granted)
        ]

    def _writes(self, spec: ToolSpec) -> bool:
        return spec.writes and self._selection.names(spec)

    def _opens(self, spec: ToolSpec, granted: frozenset[str]) -> bool:
        """Return whether a tool does no harm, or a grant or the operator names it."""
        return not spec.danger or spec.name in granted or self._selection.names(spec)

    def _present_names(self, selection: Selection) -> Selection:
        def present(chosen: frozenset[str]) -> frozenset[str]:
            return frozenset(self._aliases.get(name, name) for name in chosen)

        tools = None if selection.tools is None else present(selection.tools)
        toolsets = selection.toolsets
        if toolsets is not None:
            toolsets = frozenset(self._toolset_aliases.get(name, name) for name in toolsets)
        if toolsets is not None and DEFAULT in toolsets:
            toolsets = toolsets - {DEFAULT} | self._default
        return Selection(selection.read_only, toolsets, tools, present(selection.exclude))

    def _unknown(self, selection: Selection) -> str | None:
        """Say what a choice names that does not exist, and what does."""
        toolsets = {spec.toolset for spec in self.tools.values()} | {ALL, DEFAULT}
        for kind, chosen, existing in (
            ("toolset", selection.toolsets or (), toolsets),
            ("tool", (*(selection.tools or ()), *selection.exclude), set(self.tools)),
        ):
            others = self._toolset_aliases.keys() if kind == "toolset" else self._aliases.keys()
            if unknown := sorted(set(chosen) - existing - others):
                named = clean_line(", ".join(unknown), 200)
                return f"there is no {kind} {named}: choose from {', '.join(sorted(existing))}"
        return None
