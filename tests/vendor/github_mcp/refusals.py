"""What github-mcp makes of a refusal of GitHub's, without a server."""

from github_mcp.error_messages import MEANINGS
from github_mcp.refusal import explain
from mcp_kit.error_messages import explain_status, fill_in
from mcp_kit.errors import ToolFailed
from service_kit.http import Reply


def explained(reply: Reply, target: str) -> ToolFailed:
    """Return the failure that a reply becomes."""
    meaning = explain(reply, target) or explain_status(reply, MEANINGS, writes=False)
    if isinstance(meaning, ToolFailed):
        return meaning
    return fill_in(meaning, target=target, vendor="GitHub", token="GITHUB_TOKEN", status=reply.status)
