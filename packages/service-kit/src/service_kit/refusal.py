"""The refusal of every HTTP service here: an answer of its own with a reason, a message and a remedy."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from starlette.responses import Response


@dataclass(frozen=True)
class Reason:
    """The HTTP status of a reason, and its remedy unless a refusal has a better one."""

    status: int
    remedy: str = ""


class Refusal(Exception):
    """An answer of the service itself to a request. Each service has one subclass, with its own table of reasons.

    The reason is a key of `reasons`, and safe to count; `status` and `remedy` override the reason's. The message says
    what was wrong, and with which value. The same request may pass after `retry_after` seconds. `allow` has the methods
    of the path, for a 405.
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
        """Return the refusal's headers, with the reason and without the content type."""
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
        """Return the refusal as a response, with another body where a service answers in another API's format."""
        response = Response(self.body() if body is None else body, self.status, media_type="application/json")
        response.raw_headers.extend(self.headers())
        return response
