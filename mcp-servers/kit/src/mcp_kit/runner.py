"""Runs one tool call from raw arguments to final text: policy, time limit, budget, errors, ref, metrics, log."""

import asyncio
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from service_kit.errors import ReplyTooLarge, Unsendable, UpstreamError, UpstreamTimeout, UpstreamUnreachable
from service_kit.log import bound, get_logger
from service_kit.rate_limit import Rate, RateLimiter
from service_kit.refs import append_ref, append_retry_after, make_ref
from service_kit.untrusted_text import clean_line, new_nonce

from mcp_kit.budget import ToolCalls
from mcp_kit.call import Call, read_key
from mcp_kit.caller import Caller
from mcp_kit.cursor import decode, encode, question_of, take_page
from mcp_kit.error_messages import LOOK_FIRST
from mcp_kit.errors import DryRun, Proposed, Refused, TooFast, ToolFailed, Unavailable, WrongArguments
from mcp_kit.lockdown import HEADER, NOTE, LeftOut, Lockdown, under_lockdown
from mcp_kit.metrics import UNKNOWN_TOOL, Metrics
from mcp_kit.peers import NO_PEERS, Implied, Peers
from mcp_kit.reply import Reply, render, render_error, section
from mcp_kit.reply_meta import ReplyMeta
from mcp_kit.selection import Catalog, is_set
from mcp_kit.tool import CURSOR, ToolSpec

REF_ROOM = 16
log = get_logger(__name__)


@dataclass(frozen=True)
class Answer:
    """What goes back to the client."""

    text: str
    is_error: bool
    meta: dict[str, Any] | None = None


class Runner:
    """Answers tool calls, each caller's at a rate, in replies of at most `budget` characters.

    Refs are made of the server's name and the key `ref_key`; without the key replies carry none.
    """

    def __init__(
        self,
        *,
        server: str,
        catalog: Catalog,
        rate: Rate,
        metrics: Metrics,
        budget: int,
        ref_key: bytes | None,
        peers: Peers = NO_PEERS,
        lockdown: Lockdown | None = None,
        implied: Mapping[str, Implied] | None = None,
    ) -> None:
        self._server = server
        self._catalog = catalog
        self._rate = rate
        self._limiter = RateLimiter()
        self._calls = ToolCalls()
        self._metrics = metrics
        self._budget = budget - REF_ROOM
        self._ref_key = ref_key
        self._peers = peers
        self._lockdown = lockdown
        self._implied = implied or {}

    def knows(self, name: str) -> bool:
        """Return whether a tool has this name, or an answer of ours tells what to do instead of calling it."""
        return self._catalog.find(name) is not None or name in self._peers.tools

    async def answer(
        self, name: str, arguments: Mapping[str, Any], *, caller: Caller, headers: Mapping[str, str], key: object = None
    ) -> Answer:
        """Answer a call, whatever happens in it; what fails is an answer too.

        `name` may be an alias. The request's headers may tighten the selection. `key` is the caller's own, by which a
        gateway knows a repeat of what is written.
        """
        spec, meta = self._catalog.find(name), ReplyMeta()
        started, seconds_asked = time.perf_counter(), None
        run = {"task_id": str(caller.task.task), "attempt": caller.task.attempt} if caller.task else {}
        with bound(tool=spec.name if spec else UNKNOWN_TOOL, **run):
            try:
                text, outcome = await self._run(spec, name, arguments, caller, headers, meta, key), "ok"
            except ToolFailed as error:
                text, outcome = render_error(error, nonce=new_nonce()), error.outcome
                seconds_asked = error.seconds if isinstance(error, Unavailable) else None
            except Exception:
                log.exception("tool crashed")
                text, outcome = "The tool failed inside; the server's log says why. Try another way.", "crashed"
            seconds = time.perf_counter() - started
            log.info("tool call", outcome=outcome, seconds=round(seconds, 4), caller=caller.id)
        label = spec.name if spec else UNKNOWN_TOOL
        self._metrics.calls.labels(label, outcome).observe(seconds)
        self._metrics.reply_characters.labels(label).inc(len(text))
        text = self._with_ref(text, name, caller, outcome, seconds_asked)
        return Answer(text, outcome != "ok", meta.document())

    async def _run(
        self,
        spec: ToolSpec | None,
        name: str,
        arguments: Mapping[str, Any],
        caller: Caller,
        headers: Mapping[str, str],
        meta: ReplyMeta,
        key: object,
    ) -> str:
        if spec not in self._catalog.visible(caller, headers):
            raise Refused(
                f"There is no tool {clean_line(name, 64)!r} for this caller.",
                next_step=self._peers.tools.get(name) or _instead(spec, caller),
            )
        if wait := self._limiter.admit(caller.id, self._rate):
            raise TooFast(
                "This caller made too many calls in a short time; nothing was sent.",
                next_step=f"Call again in {max(1, math.ceil(wait.seconds))} s.",
            )
        self._calls.take(caller)
        said = self._implied.get(name, {})
        meant, page = take_page(
            said(arguments) if callable(said) else {**said, **arguments}, spec.arguments.model_fields
        )
        parsed = spec.parse(meant, self._peers)
        _check_grant(spec, parsed, caller)
        question = question_of(spec.name, parsed)
        start = decode(parsed.get(CURSOR), question)
        locks = self._lockdown is not None and (is_set(headers, HEADER) or self._lockdown.always)
        reply = await self._limited(
            spec, Call(spec.name, caller, start, meta=meta, key=read_key(key), asked_page=page), parsed, locks=locks
        )
        return render(
            reply,
            start=start,
            budget=self._budget,
            nonce=new_nonce(),
            cursor_of=lambda position: encode(position, question),
        )

    async def _limited(self, spec: ToolSpec, call: Call, arguments: Mapping[str, Any], *, locks: bool) -> Reply:
        after = LOOK_FIRST if spec.writes else "Try again, or ask for less."
        try:
            async with asyncio.timeout(spec.timeout):
                left_out = await self._lock(spec, call, arguments) if locks else None
                with under_lockdown(left_out):
                    reply = await spec.run(call, **arguments)
                call.refuse_page()
                if left_out and left_out.any:
                    call.notes.append(NOTE)
                return replace(reply, head="\n".join([*call.notes, reply.head]))
        except ToolFailed as error:
            error.message = "\n".join([*call.notes, error.message])
            raise
        except Proposed as proposed:
            return Reply(str(proposed))
        except DryRun as dry_run:
            return Reply(
                f"Dry run: {spec.name} sent nothing. This is what it would have sent to {self._server}:",
                [section("request", dry_run.text())],
            )
        except (TimeoutError, UpstreamTimeout):
            raise Unavailable(f"{spec.name} got no answer from {self._server} in time.", next_step=after) from None
        except UpstreamUnreachable as error:
            log.warning("upstream unreachable", reason=str(error))
            raise Unavailable(
                f"{self._server} could not be reached ({error.cause}); nothing was sent.",
                next_step="Try again in a minute. If it stays so, tell the operator.",
            ) from None
        except ReplyTooLarge:
            raise ToolFailed(f"{self._server}'s reply is too large.", next_step="Ask for less.") from None
        except Unsendable as error:
            log.warning("request not sent", reason=str(error))
            raise WrongArguments(
                f"No request to {self._server} could be made of these arguments; nothing was sent.",
                next_step="Give fewer or shorter ones.",
            ) from None
        except UpstreamError as error:
            log.warning("upstream failed", status=error.status, reason=str(error))
            raise Unavailable(f"{self._server}'s reply was not usable.", next_step=after) from None

    async def _lock(self, spec: ToolSpec, call: Call, arguments: Mapping[str, Any]) -> LeftOut:
        touched = [(kind, name) for _, kind, names in spec.touched(arguments) for name in names]
        return LeftOut(await self._lockdown.closed(call, touched) if self._lockdown else None)

    def _with_ref(self, text: str, name: str, caller: Caller, outcome: str, seconds_asked: int | None) -> str:
        """Add for the engine how long the vendor asks to wait, if it does, and the ref, which covers that too."""
        text = text.encode("utf-8", "replace").decode()
        if caller.task is None or self._ref_key is None:
            return text
        if seconds_asked is not None:
            text = append_retry_after(text, seconds_asked)
        ref = make_ref(
            self._ref_key,
            task=caller.task.task,
            attempt=caller.task.attempt,
            tool=f"{self._server}/{name}",
            text=text,
            failed=outcome != "ok",
            unavailable=outcome == Unavailable.outcome,
        )
        return append_ref(text, ref)


def _instead(spec: ToolSpec | None, caller: Caller) -> str:
    if spec is not None and caller.may_use(spec):
        return (
            "Use a tool from tools/list. "
            f"An operator who wants this one beside them sets TOOLSETS=default and TOOLS={spec.name}."
        )
    return "Use a tool from tools/list."


def _check_grant(spec: ToolSpec, arguments: Mapping[str, Any], caller: Caller) -> None:
    if caller.bound is None:
        return
    for argument, kind, names in spec.touched(arguments):
        outside = [name for name in names if not caller.may_touch(kind, name)]
        if outside or not names:
            shown = f" {clean_line(outside[0], 150)!r} is outside" if outside else " names nothing within"
            raise Refused(
                f"{argument}{shown} this caller's grant; nothing was sent.",
                next_step="Use one that the task names.",
            )
