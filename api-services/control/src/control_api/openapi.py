"""Control's OpenAPI 3.1 document, built from the same models that the routes use."""

from typing import Any

from agent_contracts import Task, TaskEvent, TaskResult
from pydantic.json_schema import models_json_schema

from control_api.proposals import Decision

ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
REFUSAL = {
    "type": "object",
    "required": ["message", "reason", "remedy"],
    "properties": {name: {"type": "string"} for name in ("message", "reason", "remedy")},
}


PROPOSAL = {
    "type": "object",
    "description": "A write that waits or was decided: `shown` is what is decided on, `sha256` its hash.",
    "required": ["id", "state", "shown", "sha256"],
}


def document(version: str) -> dict[str, Any]:
    """Give the document."""
    _, definitions = models_json_schema(
        [
            (Task, "validation"),
            (TaskResult, "serialization"),
            (TaskEvent, "serialization"),
            (Decision, "validation"),
        ],
        ref_template="#/components/schemas/{model}",
    )
    schemas = {**definitions["$defs"], "Refusal": REFUSAL}
    task = {"type": "object", "description": "A task's row, and its result once it has ended."}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Agent Bot control", "version": version, "license": {"name": "Apache-2.0"}},
        "security": [{"door": []}],
        "paths": {
            "/v1/tasks": {
                "post": _operation(
                    "Submit a task; accepted means committed",
                    {"202": "Accepted", "200": "Known already"},
                    body=_ref("Task"),
                ),
                "get": _operation("List the tenant's tasks, the newest first", {"200": "Tasks"}),
            },
            "/v1/tasks/{id}": {"parameters": [ID], "get": _operation("Show a task", {"200": "The task"}, reply=task)},
            "/v1/tasks/{id}/events": {
                "parameters": [ID],
                "get": _operation("Follow a task's events as server-sent events", {"200": "text/event-stream"}),
            },
            "/v1/tasks/{id}/cancel": {
                "parameters": [ID],
                "post": _operation("Cancel a task", {"202": "Asked or done"}),
            },
            "/v1/proposals": {
                "parameters": [_asked(name) for name in ("state", "task", "before", "limit")],
                "get": _operation("List the tenant's proposals, the newest first", {"200": "Proposals"}),
            },
            "/v1/proposals/{id}": {
                "parameters": [ID],
                "get": _operation("Show a proposal with its hash", {"200": "The proposal"}, reply=PROPOSAL),
            },
            "/v1/proposals/{id}/approve": {"parameters": [ID], "post": _decision("Approve what was shown")},
            "/v1/proposals/{id}/deny": {"parameters": [ID], "post": _decision("Deny what was shown")},
            "/v1/webhooks/github": {
                "post": {
                    **_operation("Take a signed GitHub delivery", {"202": "Tasks were made", "200": "Nothing to do"}),
                    "security": [],
                }
            },
            "/v1/triggers/test": {"post": _operation("Show what a payload would start", {"200": "The plan"})},
        },
        "components": {
            "securitySchemes": {"door": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas,
        },
    }


def _decision(summary: str) -> dict[str, Any]:
    return _operation(summary, {"200": "As it is now"}, body=_ref("Decision"), reply=PROPOSAL)


def _asked(name: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": {"type": "string"}}


def _operation(
    summary: str, replies: dict[str, str], *, body: dict[str, Any] | None = None, reply: dict[str, Any] | None = None
) -> dict[str, Any]:
    content = {"application/json": {"schema": reply}} if reply else None
    responses: dict[str, Any] = {
        status: {"description": text, **({"content": content} if content else {})} for status, text in replies.items()
    }
    responses["default"] = {
        "description": "Refused; `reason` and `remedy` say why and what to do",
        "content": {"application/json": {"schema": _ref("Refusal")}},
    }
    operation: dict[str, Any] = {"summary": summary, "responses": responses}
    if body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return operation


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}
