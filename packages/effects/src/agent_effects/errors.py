"""Errors of effects and proposals."""

from typing import Literal

from service_kit.errors import ServiceKitError


class EffectError(ServiceKitError):
    """The programmer of a gateway acts: it settled an effect that does not exist, or has another outcome."""


ProposalReason = Literal["unknown", "decided", "changed", "running", "submitter", "expired"]


class ProposalError(ServiceKitError):
    """The decider acts: the proposal cannot be decided in this way; `reason` is one of a closed list."""

    def __init__(self, reason: ProposalReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
