"""The routes over proposals in the OpenAPI document."""

from typing import Any

from control_api.openapi.operations import ID, Models, operation, query, ref
from control_api.proposals.routes import Decision

MODELS: Models = ((Decision, "validation"),)
PROPOSAL = {
    "type": "object",
    "description": "A write that waits or was decided: `shown` is what is decided on, `sha256` its hash.",
    "required": ["id", "state", "shown", "sha256"],
}


def paths() -> dict[str, Any]:
    """Describe the routes."""
    return {
        "/v1/proposals": {
            "parameters": [query(name) for name in ("state", "task", "before", "limit")],
            "get": operation("List the tenant's proposals, the newest first", {"200": "Proposals"}),
        },
        "/v1/proposals/{id}": {
            "parameters": [ID],
            "get": operation("Show a proposal with its hash", {"200": "The proposal"}, reply=PROPOSAL),
        },
        "/v1/proposals/{id}/approve": {"parameters": [ID], "post": _decision("Approve what was shown")},
        "/v1/proposals/{id}/deny": {"parameters": [ID], "post": _decision("Deny what was shown")},
    }


def _decision(summary: str) -> dict[str, Any]:
    return operation(summary, {"200": "As it is now"}, body=ref("Decision"), reply=PROPOSAL)
