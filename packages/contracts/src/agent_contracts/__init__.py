"""The wire format: task, event, result and grant as pydantic models and their JSON Schemas, nothing else."""

from agent_contracts.event import TaskEvent
from agent_contracts.grant import Grant, Limits, Mode, Resources
from agent_contracts.ids import task_id_for, uuid7
from agent_contracts.result import Claim, EffectSummary, Reason, TaskResult, Usage
from agent_contracts.task import Actor, Budget, Origin, Priority, Retry, Task, TaskState

__all__ = [
    "Actor",
    "Budget",
    "Claim",
    "EffectSummary",
    "Grant",
    "Limits",
    "Mode",
    "Origin",
    "Priority",
    "Reason",
    "Resources",
    "Retry",
    "Task",
    "TaskEvent",
    "TaskResult",
    "TaskState",
    "Usage",
    "task_id_for",
    "uuid7",
]
