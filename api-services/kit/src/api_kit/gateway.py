"""The way of one request: identify the caller, find the route, check the grant, send, check and return the reply."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from urllib.parse import unquote

from service_kit.body import read_body, work_on
from service_kit.forwarded import prefix_of
from service_kit.grants import allowed
from service_kit.http import Reply
from service_kit.json_text import Json
from service_kit.log import get_logger
from service_kit.request_shares import counted_by, take_text
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api_kit import body, policy, query
from api_kit.admission import Admission
from api_kit.audit import Audit, Entry
from api_kit.body import Body
from api_kit.budget import count_tool_call
from api_kit.callers import Caller, Callers, single_header
from api_kit.content_negotiation import choose
from api_kit.effect_flow import WAITING, EffectFlow, Write
from api_kit.egress_filter import filter_text
from api_kit.errors import Refusal
from api_kit.markdown_sanitizer import Allowed
from api_kit.reply import (
    EFFECT_HEADER,
    EFFECT_REPEAT_HEADER,
    EFFECT_STATE_HEADER,
    LEFT_OUT_HEADER,
    OUTGOING_HEADER,
    passed_on,
)
from api_kit.routes import Answered, Call, Route
from api_kit.table import Table
from api_kit.text_formats import MENTIONS
from api_kit.upstream import Upstream
from api_kit.upstream_session import UpstreamSession
from api_kit.vendor import UpstreamVendor

OVERRIDES = ("x-http-method-override", "x-http-method", "x-method-override")
CONDITIONS = ("if-none-match", "if-modified-since")
MOVED = frozenset({301, 302, 307, 308})
OUTSIDE = "It may have a name now that the grant does not cover: this gateway's log says where the vendor points."
KEY = re.compile(r"[!-~]{1,200}")


@dataclass(frozen=True)
class Gateway:
    """A pure ASGI app over its parts; holds no state of its own."""

    table: Table
    vendor: UpstreamVendor
    callers: Callers
    admission: Admission
    upstream: Upstream
    effects: EffectFlow
    audit: Audit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, whatever happens, and write its audit line."""
        entry = Entry(scope["method"])
        try:
            answer = await self._answer(scope, receive, entry)
        except Refusal as refusal:
            entry.reason = refusal.reason
            answer = refusal.response()
        except Exception:
            entry.reason = "internal"
            get_logger(__name__).exception("gateway_failed", route=entry.route)
            answer = Refusal("internal", "this gateway failed on the request").response()
        answer.raw_headers.extend(_marks(entry))
        try:
            await answer(scope, receive, send)
        finally:
            self.audit.write(entry, status=answer.status_code, size=len(answer.body))

    async def _answer(self, scope: Scope, receive: Receive, entry: Entry) -> Response:
        headers = Headers(scope=scope)
        caller = entry.caller = self.callers.identify(headers)
        for name in OVERRIDES:
            if name in headers:
                raise Refusal("header", f"{name} is not taken: the method is the request's own")
        route, path = self.table.match(scope["method"], scope["raw_path"])
        entry.route = route.name
        share = self.admission.admit(route, caller)
        policy.check_route(route, caller)
        credential = self.vendor.credential(caller.tenant)
        await count_tool_call(self.effects.pool, caller)
        with counted_by(share):
            call = await self._read(route, path, scope["query_string"], headers, receive)
        entry.target = call.target
        policy.check_access(call, caller)
        call = self.admission.confine(call, caller, entry)
        await self.admission.take(route, caller, credential)
        async with self.upstream.session(credential, tenant=caller.tenant, caller=caller.key) as session:
            call = await self.admission.look_up(call, caller, session, entry)
            if call.access != "read":
                answered = await self._write(call, caller, session, entry, headers)
            else:
                answered = await session.send(call)
                if answered.reply.status in MOVED:
                    call, answered = await self._follow(answered.reply, call, caller, session, entry)
                entry.upstream_status = answered.reply.status
            status = answered.reply.status
            if status in MOVED and call.access != "read":
                raise await self._moved_write(answered.reply, call, caller, session)
            if 300 <= status < 400 and status != HTTPStatus.NOT_MODIFIED:
                location = answered.reply.headers.get("location", "")
                raise self.upstream.misdirects(f"answered {status}, which is not followed", location)
            answered = self.admission.without_foreign(call, caller, answered, entry)
            if entry.effect_state not in WAITING:
                self.admission.check_reply(call, caller, answered)
        origin, own_path = f"{scope['scheme']}://{headers['host']}{prefix_of(scope)}", scope["raw_path"].decode("ascii")
        return passed_on(answered.reply, origin, own_path, self.upstream, self.table)

    async def _read(
        self, route: Route, path: Mapping[str, str], raw_query: bytes, headers: Headers, receive: Receive
    ) -> Call:
        settings = self.admission.settings
        asked = query.parse(raw_query, route.query, route.several)
        accept = choose(headers.getlist("accept"), route.accepts)
        conditions = {name: value for name in CONDITIONS if (value := single_header(headers, name)) is not None}
        raw = await read_body(receive, limit=settings.max_body_bytes, seconds=settings.body_seconds, refuse=Refusal)
        document: Json = None
        if route.writes:
            take_text(len(raw))
        if route.body is not None:
            kind = single_header(headers, "content-type") or ""
            encoding = single_header(headers, "content-encoding") or ""
            document = await work_on(raw, partial(body.parse, raw, kind, encoding, route.body))
        elif raw:
            raise Refusal("body", f"{route.name} takes no body")
        return Call(route, path, asked, document, accept, {} if route.writes else conditions)

    async def _write(
        self, call: Call, caller: Caller, session: UpstreamSession, entry: Entry, headers: Headers
    ) -> Answered:
        key = single_header(headers, "idempotency-key")
        if key is not None and not KEY.fullmatch(key):
            raise Refusal("header", "Idempotency-Key is not 1 to 200 visible characters", remedy="Send another key.")
        shape = call.route.body or Body(frozenset())
        filtered = filter_text(
            call.body,
            texts=shape.texts,
            steps=shape.steps,
            token=single_header(headers, "x-task-token") or single_header(headers, "x-person-token"),
            signatures=caller.signatures,
            beside=[unquote(call.path_and_query)],
            allowed=Allowed(self.admission.settings.images, lambda name: allowed(caller.grant, MENTIONS, name)),
        )
        entry.outgoing = filtered.changes
        call = replace(call, body=filtered.value)
        if call.route.unseen:
            return await session.send(call)
        return await self.effects.write(Write(call, caller, session, entry), key=key)

    async def _follow(
        self, reply: Reply, call: Call, caller: Caller, session: UpstreamSession, entry: Entry
    ) -> tuple[Call, Answered]:
        """Follow one redirect of a read: a new request, under table and grant, to the same host."""
        path, asked_for = await self._present_path(reply, session)
        try:
            route, parameters = self.table.match("GET", path.encode("ascii", "replace"))
            asked = query.parse(asked_for.encode("ascii", "replace"), route.query, route.several)
            accept = choose([call.accept], route.accepts)
            moved = Call(route, parameters, asked or call.query, None, accept, call.conditions)
            moved = await self.admission.within(moved, caller, session, entry)
        except Refusal as refusal:
            get_logger(__name__).warning("moved", route=call.route.name, target=call.target, to=path)
            message = f"{self.vendor.name} points to what is outside the table or the grant ({refusal.reason})"
            raise Refusal("redirect", message, remedy=OUTSIDE) from refusal
        return moved, await session.send(moved)

    async def _moved_write(self, reply: Reply, call: Call, caller: Caller, session: UpstreamSession) -> Refusal:
        """Return the refusal of a write that the vendor redirected, with the present name if the grant covers it."""
        path, _ = await self._present_path(reply, session)
        get_logger(__name__).warning("moved", route=call.route.name, target=call.target, to=path)
        message = f"{call.target} has moved, and nothing was written"
        try:
            route, parameters = self.table.match("GET", path.encode("ascii", "replace"))
            moved = self.admission.confine(Call(route, parameters, {}), caller, Entry("GET"))
        except Refusal:
            return Refusal("redirect", message, remedy=OUTSIDE)
        names = ", ".join(name for kind in moved.resources.values() for name in kind)
        return Refusal("redirect", message, remedy=f"Use its present name: {names}.")

    async def _present_path(self, reply: Reply, session: UpstreamSession) -> tuple[str, str]:
        """Return the path of the table, and the query, to which a redirect leads.

        Raises:
            Refusal: `redirect`: it leads to another host, or nobody knows where.
        """
        location = reply.headers.get("location", "")
        found = self.upstream.path_of(location)
        if found is None:
            raise self.upstream.misdirects("redirects to another host, which is not followed", location)
        path: str | None = found[0]
        if self.vendor.relocate is not None:
            path = await self.vendor.relocate(found[0], session.fetch)
        if path is None:
            raise self.upstream.misdirects("redirects to what cannot be found there", location)
        return path, found[1]


def _marks(entry: Entry) -> list[tuple[bytes, bytes]]:
    marks = []
    if entry.effect is not None:
        marks += [(EFFECT_HEADER, str(entry.effect)), (EFFECT_STATE_HEADER, entry.effect_state or "sending")]
    if entry.repeat:
        marks.append((EFFECT_REPEAT_HEADER, "1"))
    if entry.left_out:
        marks.append((LEFT_OUT_HEADER, str(entry.left_out)))
    if entry.outgoing:
        marks.append((OUTGOING_HEADER, entry.outgoing))
    return [(name.encode(), value.encode()) for name, value in marks]
