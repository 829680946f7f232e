"""The vendors that a house speaks to: their processes, ports, secrets and options are made of this table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Vendor:
    """A vendor with its gateway, its MCP server and its stand-in.

    Attributes:
        name: as in grants; its processes are `{name}-api`, `{name}-mcp` and `stand-in-{name}`.
        title: begins the names of their settings' classes: `GitHubApiSettings`, `GitHubSettings`.
        upstream: the real vendor's address.
        credential: the operator's variable that holds a token for the real vendor.
        api_port: the gateway's.
        mcp_port: the server's.
        stand_in_port: the stand-in's.
        limited: its gateway keeps the vendor's limits unless UPSTREAM_LIMITED says no, as beside a stand-in.
        webhooks: it sends signed webhooks, and control takes them.
    """

    name: str
    title: str
    upstream: str
    credential: str
    api_port: int
    mcp_port: int
    stand_in_port: int
    limited: bool = False
    webhooks: bool = False

    @property
    def api(self) -> str:
        """The gateway's process."""
        return f"{self.name}-api"

    @property
    def mcp(self) -> str:
        """The server's process."""
        return f"{self.name}-mcp"

    @property
    def stand_in(self) -> str:
        """The stand-in's process."""
        return f"stand-in-{self.name}"

    @property
    def service(self) -> str:
        """The secret by which the server opens the gateway."""
        return f"{self.mcp}.service"

    @property
    def stand_in_token(self) -> str:
        """The secret by which the gateway opens the stand-in."""
        return f"{self.stand_in}.token"

    @property
    def chosen(self) -> str:
        """The operator's variable that says whether it is `real` or a `stand-in`."""
        return self.name.upper().replace("-", "_")

    @property
    def signing(self) -> dict[str, str]:
        """The variable and the secret by which its webhooks are signed; nothing where it sends none."""
        return {f"{self.prefix}WEBHOOK_SECRET": f"{self.name}-webhook.secret"} if self.webhooks else {}

    @property
    def prefix(self) -> str:
        """What the names of its variables begin with."""
        return f"{self.chosen}_"

    @property
    def api_options(self) -> tuple[str, ...]:
        """What an operator may set for the gateway by the variable's own name."""
        own = ("UPSTREAM_TOKENS_FILE", *(["UPSTREAM_LIMITED"] if self.limited else []))
        shared = ("RATE_PER_SECOND", "RATE_BURST", "UPSTREAM_SECONDS", "UPSTREAM_FAILURES", "IMAGE_HOSTS")
        return (*shared, *(self.prefix + name for name in own))

    @property
    def mcp_options(self) -> tuple[str, ...]:
        """What an operator may set for the server by the variable's own name."""
        own = (self.prefix + name for name in ("READ_ONLY", "TOOLSETS", "TOOLS"))
        return ("MCP_REPLY_TOKENS", "MCP_CALLS_PER_MINUTE", *own)


VENDORS = (
    Vendor(
        "github",
        "GitHub",
        upstream="https://api.github.com",
        credential="GITHUB_TOKEN",
        api_port=3001,
        mcp_port=9001,
        stand_in_port=4001,
        limited=True,
        webhooks=True,
    ),
)
