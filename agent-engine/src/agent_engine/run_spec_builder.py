"""Builds what one run is started from, out of a claim: tokens, prompts, clocks and session."""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import agent_ledger
from agent_contracts import EffectSummary
from agent_ledger import ClaimedTask
from service_kit.untrusted_text import new_nonce

from agent_engine.engines.protocol import Capabilities
from agent_engine.prompt import system_prompt, task_prompt
from agent_engine.schema import wrapped
from agent_engine.skills.bind import Binding
from agent_engine.skills.format import Skill
from agent_engine.skills.load import snapshot
from agent_engine.spec import RunSpec, ServerSpec
from agent_engine.worker_context import WorkerContext

TOKEN_MARGIN_SECONDS = 60
"""How long a run's tokens live past its wall clock."""


@dataclass(frozen=True, kw_only=True)
class RunPlan:
    """What a run is started from, and whether its wall clock is the task's deadline."""

    spec: RunSpec
    skill: Skill
    binding: Binding
    by_deadline: bool


async def plan_run(
    claim: ClaimedTask,
    context: WorkerContext,
    *,
    skill: Skill,
    binding: Binding,
    effects: Sequence[EffectSummary],
    session: tuple[uuid.UUID, bytes] | None,
    capabilities: Capabilities,
    turns_taken: int = 0,
    ended: str | None = None,
) -> RunPlan:
    """Put together what a run is started from; its tokens are signed here and nowhere else."""
    budget = claim.budget.within(skill.settings.budget)
    wall, by_deadline = wall_clock(claim, float(budget.wall_seconds or skill.settings.wall_seconds))
    schema = wrapped(skill.output_schema, with_refs=bool(binding.vendors))
    lifetime = wall + TOKEN_MARGIN_SECONDS
    model_token = (
        context.signer.model_token(
            **_who(claim), models=(claim.model,), budget=budget, skill=skill.name, lifetime_seconds=lifetime
        )
        if capabilities.model_api
        else ""
    )
    spec = RunSpec(
        task_id=claim.id,
        attempt=claim.attempt,
        folder=context.runs / f"{claim.id}-{claim.attempt}",
        system_prompt=system_prompt(skill, binding, asked_schema=None if capabilities.output_schema else schema),
        prompt=task_prompt(
            claim.task,
            nonce=new_nonce(),
            attempt=claim.attempt,
            effects=effects,
            ended=ended,
            resumed=session is not None,
        ),
        model=claim.model,
        model_api_url=context.settings.model_api_url,
        model_token=model_token,
        servers=_servers(claim, context, binding, model_token, tool_calls=budget.tool_calls, lifetime_seconds=lifetime),
        built_in_tools=skill.settings.built_in_tools,
        output_schema=schema,
        max_turns=(budget.turns or skill.settings.max_turns) - turns_taken,
        wall_seconds=wall,
        idle_seconds=float(skill.settings.idle_seconds),
        output_mb=context.settings.run_output_mb,
        session_id=session[0] if session else uuid.uuid4(),
        resume=session[1] if session else None,
        references=await asyncio.to_thread(snapshot, skill, context.snapshots),
    )
    return RunPlan(spec=spec, skill=skill, binding=binding, by_deadline=by_deadline)


def wall_clock(claim: ClaimedTask, wall: float) -> tuple[float, bool]:
    """Give how long a run may take, and whether that is until the task's deadline."""
    if claim.deadline is None:
        return wall, False
    left = (claim.deadline - claim.clock.now()).total_seconds()
    return max(1.0, min(wall, left)), left < wall


async def last_session(claim: ClaimedTask, context: WorkerContext) -> tuple[uuid.UUID, bytes] | None:
    """Read the session that the last attempt left, with its id."""
    if claim.session is None:
        return None
    kept = await agent_ledger.get_blob(context.pool, claim.task.tenant, claim.session.sha256)
    return (uuid.UUID(claim.session.session_id), kept) if kept else None


def _who(claim: ClaimedTask) -> dict[str, Any]:
    return {"task": claim.id, "attempt": claim.attempt, "tenant": claim.task.tenant, "at": claim.clock.now()}


def _servers(
    claim: ClaimedTask,
    context: WorkerContext,
    binding: Binding,
    model_token: str,
    *,
    tool_calls: int | None,
    lifetime_seconds: float,
) -> tuple[ServerSpec, ...]:
    """Give the run's servers with a token each, which knows the tokens before it by hashes."""
    tokens = [model_token] if model_token else []
    servers = []
    for vendor in binding.vendors:
        token = context.signer.task_token(
            **_who(claim),
            vendor=vendor.name,
            audience=vendor.audiences,
            grant=binding.grants[vendor.name],
            tool_calls=tool_calls,
            others=tokens,
            lifetime_seconds=lifetime_seconds,
        )
        tokens.append(token)
        servers.append(
            ServerSpec(
                name=vendor.name,
                url=context.settings.server_url(vendor),
                transport=context.settings.mcp_transport,
                token=token,
                tools=binding.allowed_tools[vendor.name],
            )
        )
    return tuple(servers)
