"""What can go wrong with effects and proposals."""

from typing import Literal

from service_kit.errors import ServiceKitError


class EffectError(ServiceKitError):
    """The programmer of a gateway acts: an effect was settled that was never begun, or that was settled otherwise."""


ProposalReason = Literal["unknown", "decided", "changed", "running", "submitter", "expired"]


class ProposalError(ServiceKitError):
    """The decider acts: the proposal cannot be decided so; `reason` says which of a closed list it is."""

    def __init__(self, reason: ProposalReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
