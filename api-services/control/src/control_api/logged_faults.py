"""Faults of the operator's files: the log has their details, as `/ready` and doors of other tenants may not."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from service_kit.log import get_logger


@dataclass
class LoggedFaults:
    """Logs what it finds, once for each change, and tells others how many there are.

    Attributes:
        name: of the log's lines.
        said: what `/ready` says, with `{}` for the number.
        find: gives the faults as they are now.
        logged: what was found last.
    """

    name: str
    said: str
    find: Callable[[], Sequence[str]]
    logged: tuple[str, ...] = ()

    def fault(self) -> str | None:
        """Say how many faults there are, and where their details stand; None if there are none."""
        found = tuple(self.find())
        for one in found:
            if one not in self.logged:
                get_logger(__name__).warning(self.name, fault=one)
        self.logged = found
        return f"{self.said.format(len(found))}: `{self.name}` in this process's log says which" if found else None
