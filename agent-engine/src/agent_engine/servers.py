"""The MCP servers that a run can be given: which vendor each speaks for, where it is, and which tools it has.

A test holds the tools against the servers' own, so that the table cannot drift.
"""

import re
from dataclasses import dataclass

OWNER_AND_NAME = re.compile(r"(?!.*/\.{1,2}\Z)[A-Za-z0-9][A-Za-z0-9_-]{0,63}/[A-Za-z0-9._-]{1,100}")


@dataclass(frozen=True, kw_only=True)
class Server:
    """One MCP server.

    Attributes:
        name: its name in the run's MCP configuration, and before the slash in `github/issue_read`.
        vendor: whose grant opens it.
        url_variable: the environment variable with its base URL.
        audiences: who the task token is for: the server and its gateway.
        kinds: the resources that bound it, each kind with the vendor's own syntax of one name.
        reads: tools that change nothing.
        writes: tools that change something at the vendor.
    """

    name: str
    vendor: str
    url_variable: str
    audiences: tuple[str, ...]
    kinds: dict[str, re.Pattern[str]]
    reads: frozenset[str]
    writes: frozenset[str]

    @property
    def tools(self) -> frozenset[str]:
        """Every tool."""
        return self.reads | self.writes


GITHUB = Server(
    name="github",
    vendor="github",
    url_variable="GITHUB_MCP_URL",
    audiences=("github-mcp", "github-api"),
    kinds={"repositories": OWNER_AND_NAME},
    reads=frozenset(
        {
            "find_similar_issues",
            "get_file_contents",
            "issue_read",
            "list_issues",
            "list_labels",
            "list_pull_requests",
            "pull_request_read",
            "search_issues",
        }
    ),
    writes=frozenset({"add_issue_comment", "issue_write"}),
)

BUILT_IN_TOOLS = frozenset({"Bash", "Edit", "Glob", "Grep", "Read", "Write"})
"""The CLIs' own tools that a skill may grant."""

SERVERS: dict[str, Server] = {server.name: server for server in (GITHUB,)}
VENDORS: dict[str, Server] = {server.vendor: server for server in SERVERS.values()}
