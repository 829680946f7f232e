"""Inbox and ledger: submit, drain, claim, heartbeat, finish, cancel, query; SQL and migrations of schema `ledger`."""

from agent_ledger.attachments import (
    SessionRef,
    forget_session,
    get_transcript,
    last_session,
    save_artifact,
    save_session,
    save_transcript,
)
from agent_ledger.blobs import get_blob
from agent_ledger.cancellation import CancelOutcome, cancel
from agent_ledger.claim_turns import Turns
from agent_ledger.claims import ClaimedTask, claim
from agent_ledger.clock import Clock, read_clock
from agent_ledger.completion import finish
from agent_ledger.consumers import drop_gone_consumers
from agent_ledger.errors import InvalidTask, LedgerError, UnreadableRow, UnusableSchema
from agent_ledger.inbox import drain
from agent_ledger.journal import append_events, events
from agent_ledger.json_schema import schema_errors, value_error
from agent_ledger.leases import HeartbeatResult, heartbeat, requeue
from agent_ledger.metrics import overview
from agent_ledger.notifications import Notifications
from agent_ledger.outbox import Sender, deliver
from agent_ledger.pruning import PruneCounts, prune
from agent_ledger.replies import Replies
from agent_ledger.resubmission import retry
from agent_ledger.skills import SkillRow, list_skills, register_skills
from agent_ledger.submission import Submitted, submit
from agent_ledger.task_parser import MAX_TASK_BYTES, read_task
from agent_ledger.views import TaskView, get_result, get_task, list_tasks
from agent_ledger.workers import WorkerRow, announce, withdraw, workers

__all__ = [
    "MAX_TASK_BYTES",
    "CancelOutcome",
    "ClaimedTask",
    "Clock",
    "HeartbeatResult",
    "InvalidTask",
    "LedgerError",
    "Notifications",
    "PruneCounts",
    "Replies",
    "Sender",
    "SessionRef",
    "SkillRow",
    "Submitted",
    "TaskView",
    "Turns",
    "UnreadableRow",
    "UnusableSchema",
    "WorkerRow",
    "announce",
    "append_events",
    "cancel",
    "claim",
    "deliver",
    "drain",
    "drop_gone_consumers",
    "events",
    "finish",
    "forget_session",
    "get_blob",
    "get_result",
    "get_task",
    "get_transcript",
    "heartbeat",
    "last_session",
    "list_skills",
    "list_tasks",
    "overview",
    "prune",
    "read_clock",
    "read_task",
    "register_skills",
    "requeue",
    "retry",
    "save_artifact",
    "save_session",
    "save_transcript",
    "schema_errors",
    "submit",
    "value_error",
    "withdraw",
    "workers",
]
