"""The routes of webhooks and triggers in the OpenAPI document."""

from collections.abc import Mapping
from typing import Any

from control_api.openapi.operations import Models, operation, ref
from control_api.sources.protocol import WebhookSource
from control_api.webhooks.trigger_dry_run import DryRun

INSTANCE = {"name": "instance", "in": "path", "required": True, "schema": {"type": "string"}}
MODELS: Models = ((DryRun, "validation"),)


def paths(sources: Mapping[str, WebhookSource]) -> dict[str, Any]:
    """Describe the routes: two for each source."""
    described: dict[str, Any] = {
        "/v1/triggers/test": {
            "post": operation("Show what a payload would start", {"200": "The plan"}, body=ref("DryRun"))
        }
    }
    for name, source in sources.items():
        described[f"/v1/webhooks/{name}"] = {"post": _webhook(f"Take a signed {source.title} event")}
        described[f"/v1/webhooks/{name}/{{instance}}"] = {
            "parameters": [INSTANCE],
            "post": _webhook(f"Take a signed {source.title} event at one of several instances"),
        }
    return described


def _webhook(summary: str) -> dict[str, Any]:
    return {**operation(summary, {"202": "Tasks were made", "200": "Nothing to do"}), "security": []}
