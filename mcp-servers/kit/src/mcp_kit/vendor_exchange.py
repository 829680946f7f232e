"""One request of a call: the gateway's short limits are waited for, and a connection that fails is told in words."""

import asyncio
from typing import Any

from service_kit.errors import ReplyTooLarge, Unsendable, UpstreamError, UpstreamTimeout, UpstreamUnreachable
from service_kit.http import HttpClient, Reply
from service_kit.log import get_logger

from mcp_kit import gateway
from mcp_kit.call import Call
from mcp_kit.error_messages import LOOK_FIRST
from mcp_kit.errors import ToolFailed, Unavailable
from mcp_kit.settings import VendorSettings

LONGEST_WAIT_SECONDS = 2
MOST_WAITED_SECONDS = 12
"""In all of a call, so that its own time does not end while it waits."""
WRITTEN = "What this call wrote before is done: do not repeat that."
log = get_logger(__name__)


class VendorExchange:
    """Sends the requests of calls; `vendor` is its name for people."""

    def __init__(self, http: HttpClient, settings: VendorSettings, vendor: str) -> None:
        self._http = http
        self._gateway = settings.gateway
        self._who = f"{vendor}'s gateway" if settings.gateway else vendor
        self._address = settings.variable("api_url")

    async def request(self, call: Call, method: str, path: str, *, writes: bool, **sent: Any) -> Reply:
        """Return the reply. A request that the gateway's limit refused is sent again after the wait that it asks for.

        Raises:
            Unavailable: no reply came; says whether the request may have been carried out, and who looks where.
            ReplyTooLarge: the reply is too large.
            Unsendable: no request could be made of what was to be sent.
        """
        while True:
            reply = await self._once(call, method, path, writes=writes, **sent)
            wait = gateway.limited_for(reply) if self._gateway else None
            if wait is None or wait > LONGEST_WAIT_SECONDS or call.progress.waited + wait > MOST_WAITED_SECONDS:
                return reply
            call.progress.waited += wait
            await asyncio.sleep(wait)

    async def _once(self, call: Call, method: str, path: str, *, writes: bool, **sent: Any) -> Reply:
        after = LOOK_FIRST if writes else "Try again, or ask for less."
        try:
            return await self._http.request(method, path, **sent)
        except (ReplyTooLarge, Unsendable):
            raise
        except UpstreamUnreachable as error:
            log.warning("upstream unreachable", reason=str(error))
            sent_before = "this request was not sent" if call.progress.wrote else "nothing was sent"
            failure = Unavailable(
                f"{self._who} could not be reached ({error.cause}); {sent_before}.",
                next_step=f"Try again in a minute. If it stays so, tell the operator to check {self._address}.",
            )
        except UpstreamTimeout:
            failure = Unavailable(f"{self._who} gave {call.tool} no answer in time.", next_step=after)
        except UpstreamError as error:
            log.warning("upstream failed", status=error.status, reason=str(error))
            failure = Unavailable(f"The connection to {self._who} broke before its reply was whole.", next_step=after)
        raise with_progress(failure, call, writes=writes) from None


def with_progress(failure: ToolFailed, call: Call, *, writes: bool) -> ToolFailed:
    """Return the failure of a request; where it is a read behind a write of the call, it says that this was done."""
    if call.progress.wrote and not writes:
        failure.message = f"{failure.message} {WRITTEN}"
    return failure
