"""The record of one vendor. What only one process needs stays in that process's package."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from agent_vendors.resources import ResourceKind

Access = Literal["read", "write", "danger"]
"""What a tool does. For a task, a `danger` tool's write is sent only as an approved proposal."""

RESERVED = frozenset({"control", "home", "lang", "model", "path", "shell", "stores", "user", "worker"})
"""Names that no vendor has: of the other processes, and of variables that every environment has."""


@dataclass(frozen=True, kw_only=True)
class Vendor:
    """A vendor with its MCP server, its gateway and its stand-in.

    Attributes:
        name: its name in grants, in lower case with hyphens; its processes are `{name}-mcp`, `{name}-api` and
            `stand-in-{name}`.
        title: the name for people. The names of the settings' classes begin with it, without blanks: `GitHubSettings`.
        upstream: the real vendor's address; empty where each operator has one of its own, as for a tracker's site.
        credential: the operator's variable that holds a token for the real vendor; empty where it takes none.
        upstream_variables: further variables of the operator for the real vendor, each with the end of the setting
            that takes it. `{"JIRA_URL": "URL", "JIRA_USERNAME": "USERNAME"}` become `JIRA_UPSTREAM_URL` and so on.
        app_variables: in the place of `credential`, the operator's variables of an app at the real vendor, which go
            together, each with the end of the setting that takes it. One that ends with `_PATH` names a file.
        credential_form: what that token has to be, for people, such as `a token that may read`.
        api_port: the gateway's default port; None for a vendor without a gateway, whose server holds the credential.
        kinds: the kinds of resources that bound a grant.
        tools: each tool of the server, with its access.
        written_fields: the fields of the gateway's requests that a writing tool can write, by which a skill requires
            one; a tool that is not named is not checked.
        webhook_source: the name under which control takes its signed webhooks; None where it sends none.
        webhook_options: the operator's variables that control's source of these webhooks reads besides its secret.
        mcp_options: further variables by which an operator bounds what its server shows.
        first_trigger: the entry of the first `triggers.yaml` for its webhooks; None for no entry.
        secret_shapes: regular expressions of its secrets, which are masked in logs and stored text. Each begins with a
            fixed text and takes linear time.
        keeps_limits: whether its gateway keeps the vendor's own limits unless `{prefix}UPSTREAM_LIMITED` says no.
        redirects_downloads: whether it redirects to other hosts, which are in `{prefix}UPSTREAM_DOWNLOAD_HOSTS`.
    """

    name: str
    title: str
    upstream: str
    credential: str
    mcp_port: int
    api_port: int | None
    stand_in_port: int
    kinds: tuple[ResourceKind, ...]
    tools: Mapping[str, Access] = field(hash=False)
    written_fields: Mapping[str, frozenset[str]] = field(default_factory=dict, hash=False)
    webhook_source: str | None = None
    webhook_options: tuple[str, ...] = ()
    mcp_options: tuple[str, ...] = ()
    first_trigger: Mapping[str, object] | None = field(default=None, hash=False)
    credential_form: str = "a token"
    secret_shapes: tuple[str, ...] = ()
    keeps_limits: bool = False
    redirects_downloads: bool = False
    upstream_variables: Mapping[str, str] = field(default_factory=dict, hash=False)
    app_variables: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", self.name) or self.name in RESERVED:
            raise ValueError(f"name {self.name!r}: lower case with hyphens, and none of {', '.join(sorted(RESERVED))}")
        for tool, access in self.tools.items():
            if access not in get_args(Access):
                raise ValueError(f"tools: {tool} has the access {access!r}, which is none of read, write, danger")
        for shape in self.secret_shapes:
            _check_shape(shape)

    @property
    def upstream_settings(self) -> dict[str, tuple[str, str]]:
        """The settings of whoever asks the real vendor: each with the operator's variable, and what goes without it."""
        own, address = self._upstream_prefix, f"{self.prefix}{'UPSTREAM' if self.has_gateway else 'API'}_URL"
        told = {f"{own}{end}": (variable, "") for variable, end in self.upstream_variables.items()}
        token = {f"{own}TOKEN": (self.credential, "")} if self.credential else {}
        return {address: (address, self.upstream), **told, **token}

    @property
    def app_settings(self) -> dict[str, str]:
        """The settings of whoever asks the real vendor as an app: each with the operator's variable."""
        return {f"{self._upstream_prefix}{end}": variable for variable, end in self.app_variables.items()}

    @property
    def _upstream_prefix(self) -> str:
        return f"{self.prefix}UPSTREAM_" if self.has_gateway else self.prefix

    @property
    def api(self) -> str:
        """The gateway's command and process."""
        return f"{self.name}-api"

    @property
    def mcp(self) -> str:
        """The server's command and process."""
        return f"{self.name}-mcp"

    @property
    def stand_in(self) -> str:
        """The stand-in's command and process."""
        return f"stand-in-{self.name}"

    @property
    def has_gateway(self) -> bool:
        """Whether a gateway holds the vendor's credential."""
        return self.api_port is not None

    @property
    def variable(self) -> str:
        """The operator's variable that says whether the local system uses the `real` vendor or its `stand-in`."""
        return self.name.upper().replace("-", "_")

    @property
    def prefix(self) -> str:
        """The beginning of the names of its variables."""
        return f"{self.variable}_"

    @property
    def mcp_url_variable(self) -> str:
        """The worker's variable that holds the address of the server."""
        return f"{self.prefix}MCP_URL"

    @property
    def audiences(self) -> tuple[str, ...]:
        """Who takes a task token for this vendor: the server, and the gateway if there is one."""
        return (self.mcp, self.api) if self.has_gateway else (self.mcp,)

    @property
    def service_secret(self) -> str:
        """The name of the secret by which the server opens the gateway."""
        return f"{self.mcp}.service"

    @property
    def stand_in_secret(self) -> str:
        """The name of the secret that opens the stand-in."""
        return f"{self.stand_in}.token"

    @property
    def webhook_secrets(self) -> dict[str, str]:
        """The variable with the key that signs its webhooks, and the name of that secret; empty where it sends none."""
        return {f"{self.prefix}WEBHOOK_SECRET": f"{self.name}-webhook.secret"} if self.webhook_source else {}

    @property
    def reads(self) -> frozenset[str]:
        """The tools that change nothing."""
        return frozenset(tool for tool, access in self.tools.items() if access == "read")

    @property
    def writes(self) -> frozenset[str]:
        """The tools that change something."""
        return frozenset(self.tools) - self.reads

    def kind(self, name: str) -> ResourceKind | None:
        """Return a kind of resources by its name; None if there is no such kind."""
        return next((kind for kind in self.kinds if kind == name), None)


def _check_shape(shape: str) -> None:
    """Check that a shape stands for itself among others and masks no empty text."""
    try:
        compiled = re.compile(f"(?-x:{shape})", re.VERBOSE | re.DOTALL)
        re.compile(shape)
    except re.error as error:
        raise ValueError(f"secret_shapes: {shape!r} is no regular expression here: {error}") from None
    if compiled.search(""):
        raise ValueError(f"secret_shapes: {shape!r} matches the empty text")
