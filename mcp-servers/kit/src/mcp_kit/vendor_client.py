"""A vendor's REST as a server's client needs it: alone, or behind our gateway, which speaks the same paths."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from service_kit.errors import NotReady, UpstreamError
from service_kit.http import HttpClient, Reply

from mcp_kit import gateway
from mcp_kit.call import Call
from mcp_kit.error_messages import (
    LIMITED,
    MEANINGS,
    Meaning,
    answers_people,
    explain_status,
    fill_in,
    moved_to,
    passing,
    wrong_address,
)
from mcp_kit.errors import DryRun, Quoted, ToolFailed
from mcp_kit.moves import Moves
from mcp_kit.paging import Page, Paging, below, made_page, next_page
from mcp_kit.reply_meta import VendorLimit
from mcp_kit.settings import VendorSettings
from mcp_kit.upload import Parts, described, files_of
from mcp_kit.vendor_exchange import VendorExchange, with_progress
from mcp_kit.vendor_path import VendorPath
from mcp_kit.vendor_reader import M, VendorReader
from mcp_kit.vendor_token import Renewing, VendorToken, bearer

SECONDS = 25.0
READY_SECONDS = 2.5
READS = frozenset({"GET", "HEAD"})
FORM = {"content-type": "application/x-www-form-urlencoded"}
Query = Mapping[str, str | int | Sequence[str] | None]
"""Parameters by name: a sequence repeats the name, None leaves it out."""
Explain = Callable[[Reply, str], ToolFailed | Meaning | None]
"""Says what a reply refuses of a target, whatever its status; None where the vendor has no words of its own for it.

For a refused token it returns `MEANINGS[401]`, for a limit `rate_limited(...)`: `/ready` says which of them it is.
"""
LimitOf = Callable[[Reply], VendorLimit | None]
"""Reads off a reply what is left of the limit that it counted in; None where the vendor does not tell it."""


class VendorClient(VendorReader):
    """Sends what a client asks and reads what comes; refusals come as `ToolFailed`, with the next step.

    Args:
        settings: the token, the address, and whether a gateway answers there.
        name: the vendor's name for people: `GitHub`.
        command: the server's: `github-mcp`.
        headers: sent with every request: user agent, version.
        meanings: what a status means at this vendor where it means something else than usual.
        explain: looks at every reply of the vendor's, also at one of the expected status, and says what it refuses.
            It may quote the vendor's own words where they help to correct the call; the kit masks the token in them.
        moves: finds the present name of what has moved; it is told to a caller that may touch it, else logged alone.
        opening: returns the headers that open the vendor by a token; a gateway gets a bearer token.
        renewing: how a token is got that ends by itself; None where the settings hold one.
        limit_of: reads what is left of the vendor's limit, which a client is told in the result's `_meta`.
    """

    def __init__(
        self,
        settings: VendorSettings,
        *,
        name: str,
        command: str,
        headers: Mapping[str, str],
        meanings: Mapping[int, Meaning] | None = None,
        explain: Explain | None = None,
        moves: Moves | None = None,
        opening: Callable[[str], Mapping[str, str]] = bearer,
        renewing: Renewing | None = None,
        limit_of: LimitOf = lambda _: None,
    ) -> None:
        super().__init__(name)
        proxy = None if settings.gateway else settings.upstream_proxy
        self._http = HttpClient(base_url=settings.api_url.rstrip("/"), headers=headers, timeout=SECONDS, proxy=proxy)
        self._exchange = VendorExchange(self._http, settings, name)
        self._settings = settings
        self._meanings = meanings or {}
        self._explain = explain
        self._moves = moves
        self._token = VendorToken(
            settings, name=name, command=command, http=self._http, opening=opening, renewing=renewing
        )
        self._limit_of = limit_of

    async def send(
        self,
        call: Call,
        method: str,
        path: VendorPath,
        target: str,
        *,
        query: Query | None = None,
        body: Mapping[str, Any] | None = None,
        form: Query | None = None,
        parts: Parts | None = None,
        success: int | Collection[int] = 200,
        reads: bool = False,
        accept: str | None = None,
        meanings: Mapping[int, Meaning] | None = None,
    ) -> Reply:
        """Send a request and return the reply, which has the status `success`, or one of these, and refuses nothing.

        `target` is what is asked for, in our words. The body is JSON, a form, or the parts of a multipart body. With
        `reads` a method other than GET and HEAD changes nothing, as a search by POST. `accept` is the media type that
        is asked for, if not the usual one. `meanings` are those of statuses that mean something else here than
        elsewhere at the vendor.

        Raises:
            ToolFailed: the vendor or the gateway refused it, or there is no token.
            Proposed: the gateway stored it.
            DryRun: it is a write, and nothing is sent (DRY_RUN).
        """
        params, fields = _given(query), None if form is None else _given(form)
        writes = not reads and method not in READS
        if self._settings.dry_run and writes:
            raise DryRun(method, path, params, described(parts) if parts else body if fields is None else fields)
        headers = await self._headers(call, writes=writes) | ({"accept": accept} if accept else {})
        content = files = None
        if fields is not None:
            content, headers = urlencode(fields, doseq=True).encode(), headers | FORM
        elif parts is not None:
            files = files_of(parts)
        given = {"params": params, "json": body, "content": content, "files": files, "headers": headers}
        reply = await self._exchange.request(call, method, path, writes=writes, **given)
        if reply.status == 401 and call.caller.vendor_token is None:
            self._token.refused()
        call.meta.add(self._limit_of(reply), kept=self._settings.gateway and gateway.was_kept(reply))
        if self._settings.gateway:
            gateway.apply_gateway_headers(reply, call)
        elif (
            self._moves
            and 300 <= reply.status < 400
            and (name := await self._present_name(self._moves, call, reply, headers))
        ):
            meanings = {reply.status: moved_to(name)}
        if refusal := self._refusal(reply, target, success, meanings or {}, writes=writes):
            self._mask(refusal, call)
            lasts = self._settings.gateway and gateway.lasts(reply)
            raise with_progress(refusal if lasts else passing(refusal, reply), call, writes=writes)
        call.progress.wrote += writes
        return reply

    async def page(
        self,
        call: Call,
        model: type[M],
        paging: Paging,
        path: VendorPath,
        target: str,
        *,
        limit: int,
        query: Query | None = None,
        search: Mapping[str, Any] | None = None,
        rows: Sequence[str] = (),
        ceiling: int | None = None,
        meanings: Mapping[int, Meaning] | None = None,
    ) -> Page[M]:
        """Ask for the page of a list at which the call's cursor points, and read each row into the model.

        `query` goes beside the parameters of paging. A `search` is sent as JSON by POST, with the parameters of paging.
        `rows` are the keys that lead to the list in the reply's body; none where the body is the list itself. `ceiling`
        is the number of rows after which the vendor ends the list, whatever there is; the caller is told.

        Raises:
            ToolFailed: as `send`.
            UpstreamError: the reply is not of the documented form.
        """
        here = paging.here(call, limit)
        if search is None:
            reply = await self.send(call, "GET", path, target, query={**here, **(query or {})}, meanings=meanings)
        else:
            reply = await self.send(call, "POST", path, target, query=query, body={**here, **search}, reads=True)
        document = reply.json()
        listed = below(document, rows)
        found = self.read_rows(call, model, listed)
        following = next_page(paging, call, here, reply, document, len(listed))
        page = made_page(paging, call, here, following, found, len(listed))
        if page.next is None and ceiling:
            self.heed_ceiling(call, (page.before or 0) + len(listed), ceiling)
        return page

    async def check(self, path: str) -> None:
        """Raise unless the vendor, asked by a path that costs nothing, or the gateway, answers and takes the token.

        Raises:
            NotReady: names the variable to set, or where to look, or what the vendor refuses.
            UpstreamError: no usable reply came.
        """
        token, url = self._token.variable, self._settings.variable("api_url")
        found = None
        try:
            opening = {} if self._settings.gateway else await self._token.headers()
        except ToolFailed as refused:
            raise NotReady(refused.message) from refused
        if self._settings.gateway:
            reply = await self._http.request("GET", "/ready", timeout=READY_SECONDS)
        else:
            reply = await self._http.request("GET", path, headers=opening, timeout=READY_SECONDS)
            found = self._explain(reply, "this server") if self._explain else None
            if answers_people(reply):
                failure = self._failure(self._wrong_address, "this server's check", token, reply)
                raise NotReady(f"{failure.message} {failure.next_step}", status=reply.status)
        if self._settings.personal_tokens and reply.status < 500:
            return  # asked without a token: it answers, and says nothing of those that callers bring
        if reply.status == 401 or found == MEANINGS[401]:
            raise NotReady(f"{self._name} refuses {token}: set one that is valid", status=401)
        limited = isinstance(found, tuple) and found[0] == LIMITED  # which passes, and says nothing of the token
        if found and reply.ok and not limited:
            failure = self._failure(found, "this server", token, reply)
            raise NotReady(f"{self._name} refuses this server's check: {failure.message}", status=reply.status)
        if reply.status >= 500:
            raise NotReady(f"{url} answers {reply.status}: see what is wrong there", status=reply.status)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def _present_name(self, moves: Moves, call: Call, redirect: Reply, headers: Mapping[str, str]) -> str | None:
        async def fetch(path: VendorPath) -> Any:
            try:
                reply = await self._http.request("GET", path, headers=headers)
                return reply.json() if reply.ok else None
            except UpstreamError:
                return None

        return await moves.present_name(redirect.headers.get("location", ""), call.caller, fetch)

    @property
    def _wrong_address(self) -> Meaning:
        described = type(self._settings).model_fields["api_url"].description or "the vendor's API"
        return wrong_address(self._settings.variable("api_url"), described)

    async def _headers(self, call: Call, *, writes: bool) -> dict[str, str]:
        headers = await self._token.required(call.caller.vendor_token)
        return headers | gateway.headers_of(call, writes=writes) if self._settings.gateway else headers

    def _refusal(
        self,
        reply: Reply,
        target: str,
        success: int | Collection[int],
        meanings: Mapping[int, Meaning],
        *,
        writes: bool,
    ) -> ToolFailed | None:
        """Return the gateway's refusal, else the vendor's own, else what the status means; None for a success."""
        if self._settings.gateway and (refused := gateway.refused(reply, writes=writes)):
            return refused
        found = self._explain(reply, target) if self._explain else None
        if found is None and reply.status in ([success] if isinstance(success, int) else success):
            return None
        if not self._settings.gateway and answers_people(reply):
            found = self._wrong_address
        found = found or explain_status(reply, {**self._meanings, **meanings}, writes=writes)
        return self._failure(found, target, self._token.vendors_variable, reply)

    def refusal(
        self,
        call: Call,
        found: ToolFailed | Meaning,
        target: str,
        reply: Reply,
        *,
        status: int,
        quoted: Quoted | None = None,
    ) -> ToolFailed:
        """Return the failure of a reply whose body refuses what was asked, as a reply of that status would.

        `quoted` are the vendor's own words in it.
        """
        failure = passing(self._failure(found, target, self._token.vendors_variable, reply), reply)
        failure.status, failure.quoted = status, failure.quoted or quoted
        self._mask(failure, call)
        return failure

    def _failure(self, found: ToolFailed | Meaning, target: str, token: str, reply: Reply) -> ToolFailed:
        if not isinstance(found, ToolFailed):
            found = fill_in(found, target=target, vendor=self._name, token=token, status=reply.status)
        found.status = reply.status
        return found

    def _mask(self, failure: ToolFailed, call: Call) -> None:
        """Mask in the vendor's words the token by which it was asked, which it may have repeated."""
        if failure.quoted:
            text = self._token.mask(failure.quoted.text, call.caller.vendor_token)
            failure.quoted = Quoted(failure.quoted.label, text)


def _given(parameters: Query | None) -> dict[str, str | int | Sequence[str]]:
    return {name: value for name, value in (parameters or {}).items() if value is not None}
