"""Errors of any process here. The class says who acts next."""

from typing import Literal

TokenFault = Literal["missing", "malformed", "signature", "expired", "audience", "unknown", "unknown_key", "claims"]


class ServiceKitError(Exception):
    """The base of this package's errors."""


class ConfigError(ServiceKitError):
    """The operator acts: a setting or file is wrong; the message names it and the remedy."""


class TokenError(ServiceKitError):
    """The caller acts: its token is not accepted here, for a reason of a closed list."""

    def __init__(self, reason: TokenFault, message: str) -> None:
        super().__init__(message)
        self.reason: TokenFault = reason


class UpstreamError(ServiceKitError):
    """The upstream failed to give a usable reply; `status` is the reply's, where there was one."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class NotReady(UpstreamError):
    """What a process needs does not work. `/ready` shows the message to anyone: fixed words and variables' names."""


class UpstreamUnreachable(UpstreamError):
    """There was no connection, so the upstream cannot have acted on the request.

    The message is for the log. `cause` says why in words that name no address, so that callers may be told.
    """

    def __init__(self, message: str, *, cause: str = "no connection") -> None:
        super().__init__(message)
        self.cause = cause


class Unsendable(UpstreamError):
    """No request could be made of what was to be sent, as of an address that is too long: nothing was sent."""


class UpstreamTimeout(UpstreamError):
    """The request was sent and no complete reply came in time, so the upstream may have acted on it."""


class ReplyTooLarge(UpstreamError):
    """The reply is larger than the limit."""
