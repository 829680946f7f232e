"""What the conformance suite must know of a vendor's server: each vendor's tests give one record of it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mcp_kit.server import Server
from mcp_kit.settings import VendorSettings
from stand_ins.kit.app import StandInApp

Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class Ask:
    """A call of a tool.

    Attributes:
        tool: its name.
        arguments: those that the stand-in answers as it is at its start.
        outside: arguments that take the place of some, and name a resource that `ServerRecord.resources` does not.
    """

    tool: str
    arguments: Arguments
    outside: Arguments


@dataclass(frozen=True)
class ServerRecord:
    """A vendor's server, its stand-in, and a call of each kind.

    Attributes:
        settings: the server's settings.
        build: makes the server of its settings.
        stand_in: makes the vendor's stand-in, which begins anew at each test.
        token: what the stand-in takes.
        resources: what a grant opens, by kind.
        lists: calls whose reply needs several pages with `limit` 1, each with a pattern that finds a row's own mark.
        reads: a call whose reply shows the text that `plant` puts into the stand-in.
        plant: puts a text where `reads` shows it.
        writes: a call that makes something, each time anew.
        refused: a call that the vendor refuses, and what the reply then says.
        foreign: a call, and a reply of the vendor's to it: `OWN` stands in an item of what was asked for, `FOREIGN` in
            one of another resource.
        names: things that calls show and take by name: what plants one of a name into the stand-in, the call that shows
            it, and the one that opens it by its shown name, whose reply then holds `OPENED`.
        reaches: takes the stand-in and a request of its log, and names the resources that the request is about; "" for
            what it cannot tell.
        samples: values of arguments with which the vendor answers, by an argument's name or by `tool.argument`; for
            all others the schema is enough. `tool.value.argument` is a value for one `method` or `kind` of a tool.
        singles: the reading calls that show one thing, by `tool` or `tool.value`, the value being that of `method` or
            `kind`. All others are lists, and take part in what the suite asks of lists.
        whole: the lists that ignore `limit` and `cursor`, as the vendor answers them whole.
        rows: for a list of which the vendor's reply holds other lists too, the key under which its rows are.
        plenty: gives the stand-in a second row of what it has only one of.
    """

    settings: type[VendorSettings]
    build: Callable[[Any], Server]
    stand_in: Callable[[], StandInApp[Any]]
    token: str
    resources: Mapping[str, list[str]]
    lists: Sequence[tuple[Ask, str]]
    reads: Ask
    plant: Callable[[Any, str], None]
    writes: Ask
    refused: tuple[Ask, str]
    foreign: tuple[Ask, Any]
    reaches: Callable[[Any, Mapping[str, Any]], list[str]]
    samples: Mapping[str, Any]
    names: Sequence[tuple[Callable[[Any, str], None], Ask, Callable[[str], Ask]]] = ()
    singles: Collection[str] = ()
    whole: Collection[str] = ()
    rows: Mapping[str, str] = field(default_factory=dict)
    plenty: Callable[[Any], None] = lambda _: None

    @property
    def asks(self) -> list[Ask]:
        """Every kind of call that the vendor answers."""
        return [*(ask for ask, _ in self.lists), self.reads, self.writes]
