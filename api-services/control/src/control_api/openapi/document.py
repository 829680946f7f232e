"""Control's OpenAPI 3.1 document: each noun's package describes its own routes, here they are put together."""

from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import models_json_schema

from control_api.errors import REASONS
from control_api.openapi.operations import Models
from control_api.proposals import openapi as proposals
from control_api.sources.protocol import WebhookSource
from control_api.tasks import openapi as tasks
from control_api.webhooks import openapi as webhooks

MODELS: Models = (*tasks.MODELS, *proposals.MODELS, *webhooks.MODELS)
REFUSAL = {
    "type": "object",
    "required": ["message", "reason", "remedy"],
    "properties": {
        "message": {"type": "string"},
        "reason": {"type": "string", "enum": list(REASONS)},
        "remedy": {"type": "string"},
    },
}


def document(version: str, sources: Mapping[str, WebhookSource]) -> dict[str, Any]:
    """Give the document."""
    _, definitions = models_json_schema(MODELS, ref_template="#/components/schemas/{model}")
    return {
        "openapi": "3.1.0",
        "info": {"title": "Agent Bot control", "version": version, "license": {"name": "Apache-2.0"}},
        "security": [{"door": []}],
        "paths": tasks.paths() | proposals.paths() | webhooks.paths(sources),
        "components": {
            "securitySchemes": {"door": {"type": "http", "scheme": "bearer"}},
            "schemas": {**definitions["$defs"], "Refusal": REFUSAL},
        },
    }
