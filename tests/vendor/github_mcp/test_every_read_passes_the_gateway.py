"""Each read of github-mcp, with each of its arguments and choices, is one that a route of the gateway takes."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from api_kit import Rate
from conformance.servers.arguments import Arguments
from github_api.table import TIERS
from github_mcp.server import build_server
from github_mcp.settings import GitHubSettings
from mcp_kit.tool import ToolSpec
from service_kit.settings import load
from vendor.github_api.house import house
from vendor.github_mcp.conformance import SAMPLES
from vendor.github_mcp.conftest import said
from vendor.github_mcp.test_the_gateway_between import serve

READS = [one for one in build_server(load(GitHubSettings, {})).tools if not one.writes]
TOGETHER: dict[str, Sequence[dict[str, Any]]] = {
    "actions_list": [
        {"method": "list_workflow_runs", "branch": "main", "event": "push", "status": "failure", "actor": "octocat"},
        {"method": "list_workflow_runs", "resource_id": "ci.yml"},
        {"method": "list_workflow_jobs", "resource_id": "6100003"},
        {"method": "list_workflow_run_artifacts", "resource_id": "6100003"},
    ],
    "actions_get": [
        {"method": f"get_workflow_{what}", "resource_id": str(number)}
        for what, number in (("run", 6100003), ("job", 7100004), ("run_usage", 6100003))
    ],
    "issue_read": [{"method": "get_comments", "since": "2026-01-01"}],
    "list_security_alerts": [
        {"kind": "dependabot", "severity": "high"},
        {"kind": "secret_scanning", "secret_type": "x"},
    ],
    "projects_list": [
        {"project": 1, "method": method} for method in ("get_project", "list_project_fields", "list_project_items")
    ],
}
"""Arguments that go with one another alone."""
UNKNOWN = ("of this route", "in the gateway's table", "is not a method of")
"""What the gateway says to a request for which its table has no line, or a line without that part of it."""


def calls(spec: ToolSpec) -> Iterator[dict[str, Any]]:
    """Yield a plain call of a tool, and one with each other value that the schema names, or the samples."""
    arguments = Arguments(spec, SAMPLES)
    yield arguments.plain
    yield from ({**arguments.plain, **more} for more in TOGETHER.get(spec.name, ()))
    for name, schema in arguments.schemas.items():
        choices = [value for one in (schema, *schema.get("anyOf", ())) for value in one.get("enum", ())]
        for value in choices or ([] if name in arguments.plain or name == "cursor" else [arguments.sample(name)]):
            yield {**arguments.plain, name: value}


@pytest.mark.slow
async def test_the_gateway_knows_what_is_asked(tmp_path: Path, database_url: str) -> None:
    """Neither a path nor a parameter is refused as one that the gateway's table has no line for."""
    refused = []
    more = {"GITHUB_TOOLSETS": "all", "MCP_CALLS_PER_MINUTE": "1000000"}
    async with (
        house(tmp_path, database_url, tiers=dict.fromkeys(TIERS, Rate(per_second=1000, burst=1000))) as api,
        serve(api, "seer", **more) as client,
    ):
        for spec in READS:
            for arguments in calls(spec):
                answer = said(await client.call_tool_mcp(spec.name, arguments))
                refused += [(spec.name, arguments, answer.text) for words in UNKNOWN if words in answer.text]
    assert not refused
