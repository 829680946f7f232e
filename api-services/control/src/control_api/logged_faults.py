"""Faults of the operator's files: the log has their details, as `/ready` and doors of other tenants may not."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

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
        return f"{self.said.format(len(found))}: `{self.name}` in the log of control says which" if found else None


class File(Protocol):
    """A file of the operator's; its reader logs why its newest version is not in force."""

    def fault(self, *, look: bool = False) -> str | None:
        """Say why it is not; None while it is. With `look` as the file lies there now."""
        ...


def not_in_force(name: str, file: File, *, look: bool = False) -> str | None:
    """Say that a file is not in force as it stands, and where the reason is; None if it is."""
    if file.fault(look=look) is None:
        return None
    return f"{name} is not in force as it stands: `file_not_usable` in the log of control says why"
