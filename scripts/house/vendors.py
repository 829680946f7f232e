"""The vendors that a house speaks to: its ports, service tokens and MCP servers are made of this table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Vendor:
    """A vendor with its gateway and its MCP server.

    Attributes:
        name: as in grants; its processes are `{name}-api` and `{name}-mcp`.
        title: begins the names of their settings' classes: `GitHubApiSettings`, `GitHubSettings`.
        api_port: the gateway's.
        mcp_port: the server's.
    """

    name: str
    title: str
    api_port: int
    mcp_port: int

    @property
    def api(self) -> str:
        """The gateway's process."""
        return f"{self.name}-api"

    @property
    def mcp(self) -> str:
        """The server's process."""
        return f"{self.name}-mcp"

    @property
    def service(self) -> str:
        """The secret by which the server opens the gateway."""
        return f"{self.mcp}.service"

    @property
    def prefix(self) -> str:
        """What the names of its variables begin with."""
        return f"{self.name.upper()}_"

    @property
    def options(self) -> tuple[str, ...]:
        """What an operator may set for the server by the variable's own name."""
        own = (self.prefix + name for name in ("READ_ONLY", "TOOLSETS", "TOOLS"))
        return ("MCP_REPLY_TOKENS", "MCP_CALLS_PER_MINUTE", *own)


VENDORS = (Vendor("github", "GitHub", api_port=3001, mcp_port=9001),)
