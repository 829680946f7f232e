"""The verdict: how a task ended, from what can be proven. A pure function; nothing in it is the agent's word alone.

Cost comes from model-api, effects from the gateways, refs from the servers; the engine's own word is only ever used
against it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from agent_contracts import Claim, EffectSummary
from agent_contracts.result import Reason
from agent_ledger import UnusableSchema, value_error
from service_kit.refs import RETRY_AFTER, split_ref
from service_kit.untrusted_text import clean_line

from agent_engine.engines.outcome import Failure, RunOutcome, unconnected
from agent_engine.evidence import Evidence
from agent_engine.schema import wrapped
from agent_engine.skills.bind import Binding
from agent_engine.skills.format import Skill
from agent_engine.skills.required_effects import RequiredEffect

ACTED = frozenset({"done", "proposed", "approved"})
OPEN = frozenset({"sending", "unknown"})
TOLD_LIMIT = 200
MOST_OUTAGES = 5
SETTLE_SECONDS = 60.0
"""Within about two of these a gateway has found out what became of a write, where it can."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """How an attempt ended.

    Attributes:
        note: what restricts a success, for people.
        output: what the agent answered; where it came to no answer, what it had said last.
        partial: whether the output is only that.
        claims: with the refs that fit alone.
        remarks: what a reader should know and what changes nothing.
    """

    failure: Failure | None = None
    note: str = ""
    output: Any = None
    partial: bool = False
    claims: tuple[Claim, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def status(self) -> Literal["succeeded", "failed", "cancelled"]:
        """The status of the task if it is not attempted again."""
        if self.failure is None:
            return "succeeded"
        return "cancelled" if self.failure.reason == "cancelled" else "failed"

    @property
    def reason(self) -> Reason | None:
        """The failure's reason."""
        return self.failure.reason if self.failure is not None else None

    @property
    def message(self) -> str:
        """The failure in words, or the note."""
        return self.failure.message if self.failure is not None else self.note


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a verdict rests on.

    Attributes:
        evidence: what its tool results prove, over all attempts of the task.
        words: what the agent said last, over all attempts of the task.
        lost: the MCP servers that had gone away when the run ended, each with the last error.
    """

    run: RunOutcome
    skill: Skill
    binding: Binding
    evidence: Evidence
    effects: Sequence[EffectSummary]
    words: str | None = None
    lost: Mapping[str, str] = field(default_factory=dict)


def judge(facts: Facts) -> Verdict:
    """Judge one attempt.

    It succeeded only if the run ended by itself without an error, every server was connected, every required tool gave
    a reply whose ref fits, every required write is recorded as done with its target and fields, the output fits its
    schema, and every claim rests on at least one ref that fits.
    """
    answer, misshapen = _answer(facts)
    output = answer.get("output") if answer is not None else facts.words
    claims, remarks = _claims(answer, facts.evidence)
    ended = facts.run.failure
    if ended is not None and ended.reason == "schema":
        ended, misshapen = None, ended  # what was denied to the agent says more than that it had no answer then
    failure = (
        ended
        or unconnected(facts.run.servers, (vendor.name for vendor in facts.binding.vendors))
        or _denied(facts)
        or misshapen
        or _unproven(facts)
        or _unwritten(facts)
        or _baseless(claims)
    )
    if failure is not None:
        return Verdict(
            failure=_traced(_awaited(failure, facts.evidence), facts.lost),
            output=output,
            partial=answer is None and output is not None,
            claims=tuple(claim for claim in claims if claim.refs),
            remarks=remarks,
        )
    withheld = facts.binding.withheld
    note = f"read-only run: {', '.join(withheld)} not demanded" if withheld else ""
    return Verdict(note=note, output=output, claims=tuple(claims), remarks=remarks)


def _answer(facts: Facts) -> tuple[dict[str, Any] | None, Failure | None]:
    answer = facts.run.answer
    schema = wrapped(facts.skill.output_schema, with_refs=bool(facts.binding.vendors))
    if answer is None:
        return None, Failure("schema", "the agent gave no answer in the form that was asked for")
    kept = answer if isinstance(answer, dict) else {"output": answer}
    try:
        wrong = value_error(schema, answer)
    except UnusableSchema as error:
        return kept, Failure("config", f"the output schema of skill {facts.skill.name} cannot be used: {error}")
    if wrong is not None:
        return kept, Failure("schema", f"the answer does not fit its schema: {wrong}")
    if not isinstance(answer, dict):
        return None, Failure("schema", "the answer is not an object")
    return answer, None


def _claims(answer: dict[str, Any] | None, evidence: Evidence) -> tuple[list[Claim], tuple[str, ...]]:
    given = (answer or {}).get("claims")
    claims, remarks = [], []
    for item in given if isinstance(given, list) else []:
        if not isinstance(item, dict) or not isinstance(item.get("statement"), str):
            continue
        refs = item.get("refs")
        named = [str(ref) for ref in refs] if isinstance(refs, list) else []
        good = [ref for ref in dict.fromkeys(named) if ref in evidence.refs]
        bad = [ref for ref in dict.fromkeys(named) if ref not in evidence.refs]
        if bad:
            remarks.append(f"refs that fit no successful result of this task were dropped: {', '.join(bad)[:200]}")
        claims.append(Claim(statement=item["statement"], refs=good))
    return claims, tuple(remarks)


def _awaited(failure: Failure, evidence: Evidence) -> Failure:
    """Name the calls that failed for want of a vendor: they explain what is missing, and another attempt may get it."""
    if not evidence.outages or failure.reason not in ("schema", "evidence"):
        return failure
    errors = dict.fromkeys(f"{one.tool}: {_told(one.text)}" for one in evidence.outages.values())
    waits = [one.seconds for one in evidence.outages.values() if one.seconds is not None]
    message = f"no answer of {'; '.join(list(errors)[:MOST_OUTAGES])}; {failure.message}"
    return Failure("rate" if waits else "server", message, max(waits, default=None))


def _traced(failure: Failure, lost: Mapping[str, str]) -> Failure:
    """Name the servers that went away during the run. Their loss explains a missing answer, not a limit reached."""
    if not lost or failure.reason == "cancelled":
        return failure
    errors = "; ".join(clean_line(error, TOLD_LIMIT) for error in lost.values())
    reason: Reason = "mcp_down" if failure.reason in ("schema", "evidence") else failure.reason
    return replace(
        failure,
        reason=reason,
        message=f"MCP server lost during the run: {', '.join(lost)} ({errors}); {failure.message}",
    )


def _needed(facts: Facts) -> list[str]:
    effects = (effect.tool for effect in facts.binding.required)
    return list(dict.fromkeys((*facts.skill.settings.required_tools, *effects)))


def _denied(facts: Facts) -> Failure | None:
    refused = [name for name in _needed(facts) if name in facts.evidence.denied and name not in facts.evidence.proven]
    return Failure("denied", f"refused to the agent: {', '.join(refused)}") if refused else None


def _unproven(facts: Facts) -> Failure | None:
    missing = [name for name in facts.skill.settings.required_tools if name not in facts.evidence.proven]
    if not missing:
        return None
    failed = facts.evidence.failed
    why = "; ".join(f"{name}: {_told(failed[name])}" for name in missing if name in failed)
    said = f" (last error: {why})" if why else ""
    return Failure("evidence", f"no successful reply of {', '.join(missing)} is proven{said}")


def _told(reply: str) -> str:
    return clean_line(RETRY_AFTER.sub("", split_ref(reply)[0]), TOLD_LIMIT)


def _unwritten(facts: Facts) -> Failure | None:
    """Find a required write that no gateway recorded as done: to its target, with its fields."""
    for required in facts.binding.required:
        fitting = [effect for effect in facts.effects if required.fits(effect)]
        if any(effect.state in ACTED for effect in fitting):
            continue
        doubtful = [effect for effect in fitting if effect.state in OPEN]
        if doubtful:
            look = ", ".join(effect.url or f"{effect.route} on {effect.target}" for effect in doubtful)
            return Failure("server", f"whether {required} was written is not known: look at {look}", SETTLE_SECONDS)
        return Failure("evidence", _instead(required, [row for row in facts.effects if required.by_its_tool(row)]))
    return None


def _instead(required: RequiredEffect, rows: Sequence[EffectSummary]) -> str:
    done = [effect for effect in rows if effect.state in ACTED]
    if not done:
        state = f": {rows[-1].state} on {rows[-1].target}" if rows else " at all"
        return f"the gateway has no write of {required.tool} as done{state}; required is {required}"
    right = [effect for effect in done if required.on_its_target(effect)]
    if right:
        fields = sorted({field for effect in right for field in effect.fields})
        written = f"{', '.join(fields) or 'no field'} of {right[-1].target}"
    else:
        written = ", ".join(dict.fromkeys(effect.target for effect in done))
    return f"{required}: only {written} was written"


def _baseless(claims: Sequence[Claim]) -> Failure | None:
    for claim in claims:
        if not claim.refs:
            said = clean_line(claim.statement, TOLD_LIMIT)
            return Failure("evidence", f"a claim rests on no ref of a successful result of this task: {said}")
    return None
