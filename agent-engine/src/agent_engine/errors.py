"""What can go wrong in the engine; the class says who acts next."""

from agent_contracts.result import Reason
from service_kit.errors import ConfigError


class EngineError(Exception):
    """The base of this package's errors."""


class SkillError(EngineError, ConfigError):
    """The operator acts: the skills' folders cannot be used as they are; the message names them and the remedy."""


class TaskRefused(EngineError):
    """The task's author acts: it cannot be run, for a reason of the closed list that no attempt would change."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason: Reason = reason


class ConfinementError(EngineError):
    """The operator acts: a run cannot be confined here; the message says what failed and the remedy."""


class LedgerAway(EngineError):
    """The operator acts: the ledger was away for longer than one waits."""


class DriverError(EngineError):
    """The operator acts: a CLI is not installed or not usable; the message says where it was looked for."""
