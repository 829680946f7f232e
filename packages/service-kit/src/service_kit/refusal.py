"""The one type of refusal: a request that an HTTP service answers itself, with a reason, a message and a remedy."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from starlette.responses import Response


@dataclass(frozen=True)
class Reason:
    """What a reason means over HTTP: its status, and the remedy unless a refusal knows a better one."""

    status: int
    remedy: str = ""


class Refusal(Exception):
    """A request that the service answers itself. Each service makes one subclass, with its own table of reasons.

    Args:
        reason: a key of `reasons`; safe to count.
        message: what was wrong, with which value; shown to the caller.
        status: in place of the reason's own.
        remedy: in place of the reason's own.
        retry_after: seconds after which the same request may pass.
        allow: the methods that the path has, for a 405.

    Attributes:
        reasons: the closed table of the service.
        reason_header: the header that carries the reason.
        challenge: what `WWW-Authenticate` says with a 401; None leaves the header out.
    """

    reasons: ClassVar[Mapping[str, Reason]] = {}
    reason_header: ClassVar[str]
    challenge: ClassVar[str | None] = "Bearer"

    def __init__(
        self,
        reason: str,
        message: str,
        *,
        status: int | None = None,
        remedy: str | None = None,
        retry_after: float | None = None,
        allow: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.status = self.reasons[reason].status if status is None else status
        self.remedy = self.reasons[reason].remedy if remedy is None else remedy
        self.retry_after = retry_after
        self.allow = allow

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Return the refusal's headers, the reason among them; the content type is not."""
        headers = {self.reason_header: self.reason}
        if self.retry_after is not None:
            headers["retry-after"] = str(max(1, math.ceil(self.retry_after)))
        if self.allow:
            headers["allow"] = ", ".join(self.allow)
        if self.status == 401 and self.challenge is not None:
            headers["www-authenticate"] = self.challenge
        return [(name.encode(), value.encode()) for name, value in headers.items()]

    def body(self) -> bytes:
        """Return the refusal as JSON: message, reason, remedy."""
        return json.dumps({"message": self.message, "reason": self.reason, "remedy": self.remedy}).encode()

    def response(self, body: bytes | None = None) -> Response:
        """Return the refusal as a response.

        Args:
            body: in place of the refusal's own, where a service answers in another API's form.
        """
        response = Response(self.body() if body is None else body, self.status, media_type="application/json")
        response.raw_headers.extend(self.headers())
        return response
