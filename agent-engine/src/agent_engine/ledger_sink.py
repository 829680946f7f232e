"""Takes what happens in one attempt's run: recomputes refs, counts, and writes events and sessions to the ledger."""

from dataclasses import dataclass

import agent_ledger
from agent_contracts.event import Body, ToolResult
from agent_ledger import ClaimedTask
from agent_stores.pool import DATABASE_ERRORS
from service_kit.log import get_logger

from agent_engine.event_writer import EventWriter
from agent_engine.evidence import Evidence, known_name
from agent_engine.mcp_liveness import McpLiveness
from agent_engine.task_progress import TaskProgress
from agent_engine.worker_context import WorkerContext

log = get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class LedgerSink:
    """Takes what one attempt's run does; see `engines.protocol.Sink`."""

    claim: ClaimedTask
    context: WorkerContext
    writer: EventWriter
    evidence: Evidence
    progress: TaskProgress
    liveness: McpLiveness
    session_id: str

    async def event(self, body: Body) -> None:
        """Take an event, with its ref recomputed."""
        body = self.evidence.observe(body)
        self.liveness.observe(body)
        self.progress.observe(self.claim.attempt, body)
        if isinstance(body, ToolResult):
            outcome = "denied" if body.denied else "ok" if body.ok else "failed"
            self.context.metrics.tool_calls.labels(
                known_name(body, self.context.settings.vendors), outcome, "yes" if body.ref else "no"
            ).inc()
        self.writer.add(body)

    async def session(self, content: bytes) -> None:
        """Keep a checkpoint; what the session knows is in the ledger first, or a resumed run could not prove it."""
        try:
            if await self.writer.flush():
                await agent_ledger.save_session(
                    self.context.pool, self.claim.id, self.claim.attempt, self.session_id, content
                )
        except DATABASE_ERRORS as error:
            log.warning("session_not_kept", error=str(error) or type(error).__name__)
