"""What can go wrong with the stores; the operator acts, and the message names the remedy."""

from service_kit.errors import ConfigError


class StoreError(ConfigError):
    """PostgreSQL or Redis cannot be reached, started or used as it is."""


class ServerEnded(StoreError):
    """An embedded server ended by itself while it was in use."""


class AlreadyRunning(StoreError):
    """Another `agent-stores run` holds the folder.

    Attributes:
        pid: that process.
    """

    def __init__(self, message: str, *, pid: int) -> None:
        super().__init__(message)
        self.pid = pid
