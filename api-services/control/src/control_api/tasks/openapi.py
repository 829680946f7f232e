"""The routes over tasks in the OpenAPI document, built from the models that the routes use."""

from typing import Any

from agent_contracts import Task, TaskEvent, TaskResult

from control_api.openapi.operations import ID, Models, operation, ref

MODELS: Models = ((Task, "validation"), (TaskResult, "serialization"), (TaskEvent, "serialization"))
SHOWN = {"type": "object", "description": "A task's row, and its result once it has ended."}


def paths() -> dict[str, Any]:
    """Describe the routes."""
    return {
        "/v1/tasks": {
            "post": operation(
                "Submit a task; accepted means committed",
                {"202": "Accepted", "200": "Known already"},
                body=ref("Task"),
            ),
            "get": operation("List the tenant's tasks, the newest first", {"200": "Tasks"}),
        },
        "/v1/tasks/{id}": {"parameters": [ID], "get": operation("Show a task", {"200": "The task"}, reply=SHOWN)},
        "/v1/tasks/{id}/events": {
            "parameters": [ID],
            "get": operation("Follow a task's events as server-sent events", {"200": "text/event-stream"}),
        },
        "/v1/tasks/{id}/cancel": {"parameters": [ID], "post": operation("Cancel a task", {"202": "Asked or done"})},
    }
