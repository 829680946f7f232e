"""The MCP servers that a run can be given, made of the records of the vendors that this process is told to serve.

Owns `SERVERS`, which the command line fills once at its start. A test holds the records against the servers' own tools.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from agent_vendors import ResourceKind, Vendor, load


@dataclass(frozen=True, kw_only=True)
class Server:
    """One MCP server.

    Attributes:
        name: its name in the run's MCP configuration, and before the slash in `github/issue_read`.
        vendor: whose grant opens it.
        url_variable: the environment variable with its base URL.
        default_url: its base URL where that variable is not set.
        audiences: who the task token is for: the server and its gateway.
        kinds: the resources that bound it, by name.
        reads: tools that change nothing.
        writes: tools that change something at the vendor.
    """

    name: str
    vendor: str
    url_variable: str
    default_url: str
    audiences: tuple[str, ...]
    kinds: dict[str, ResourceKind]
    reads: frozenset[str]
    writes: frozenset[str]

    @property
    def tools(self) -> frozenset[str]:
        """Every tool."""
        return self.reads | self.writes

    @classmethod
    def of(cls, vendor: Vendor) -> "Server":
        """Make the server of a vendor."""
        return cls(
            name=vendor.name,
            vendor=vendor.name,
            url_variable=vendor.mcp_url_variable,
            default_url=f"http://127.0.0.1:{vendor.mcp_port}",
            audiences=vendor.audiences,
            kinds={str(kind): kind for kind in vendor.kinds},
            reads=vendor.reads,
            writes=vendor.writes,
        )


BUILT_IN_TOOLS = frozenset({"Bash", "Edit", "Glob", "Grep", "Read", "Write"})
"""The CLIs' own tools that a skill may grant."""

SERVERS: dict[str, Server] = {vendor.name: Server.of(vendor) for vendor in load()}
VENDORS = SERVERS
"""A vendor has one server, of its own name."""


def choose(names: Iterable[str]) -> None:
    """Serve the named vendors alone from now on, or this project's own if none is named.

    Raises:
        UnknownVendor: one is not installed.
    """
    chosen = {vendor.name: Server.of(vendor) for vendor in load(names)}
    SERVERS.clear()
    SERVERS.update(chosen)
