"""What can go wrong with a task on its way into the ledger; the class says who acts next."""

from typing import Literal

TaskFault = Literal[
    "size",
    "encoding",
    "nul",
    "json",
    "field",
    "door",
    "skill",
    "deadline",
    "input",
    "config",
    "conflict",
    "unknown",
    "final",
    "poison",
    "state",
    "quota",
]


class LedgerError(Exception):
    """The base of this package's errors."""


class InvalidTask(LedgerError):
    """The caller acts (the skill's author where the fault is `config`): the task is refused, and no row was made.

    Attributes:
        fault: what was wrong, from a closed list that is safe to count.
    """

    def __init__(self, fault: TaskFault, message: str) -> None:
        super().__init__(message)
        self.fault: TaskFault = fault


class UnreadableRow(LedgerError):
    """The operator acts: this version cannot read what another one stored, or what somebody changed."""


class UnusableSchema(LedgerError):
    """The author of the schema acts: no value can be checked by it."""
