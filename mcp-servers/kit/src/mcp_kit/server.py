"""What a server is, before it is served: its name, its tools, and what it needs to be ready."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from service_kit.health import Check

from mcp_kit.lockdown import Lockdown
from mcp_kit.peers import NO_PEERS, Implied, Peers
from mcp_kit.tool import ToolSpec

if TYPE_CHECKING:
    from fastmcp import FastMCP


@dataclass(frozen=True)
class Server:
    """A server.

    Attributes:
        name: the vendor's, as in grants and in refs (`github`); `{name}-mcp` is its command and its tokens' audience.
        version: its own version, not fastmcp's.
        title: the vendor's name for people: `GitHub`.
        instructions: what a client's model is told about it.
        tools: its tools, in the order in which they are listed.
        default_toolsets: those that are shown where nobody chooses; None for all of them.
        aliases: old tool name to present name, so that renaming breaks nobody's allow-list.
        toolset_aliases: names that the peers' servers have for toolsets, to the present ones.
        implied: what a name of `aliases` says by itself: a peer's tool may be a choice of one of ours.
        peers: how the peers' servers say what ours takes, so that their callers are understood.
        lockdown: how texts of strangers are left out; None where no text is a stranger's.
        checks: what `/ready` asks.
        close: releases what the tools hold.
        extend: registers resources, prompts and completions; it is not called where callers must show a token.
    """

    name: str
    version: str
    instructions: str
    tools: Sequence[ToolSpec]
    title: str = "vendor's"
    default_toolsets: frozenset[str] | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)
    toolset_aliases: Mapping[str, str] = field(default_factory=dict)
    implied: Mapping[str, Implied] = field(default_factory=dict)
    peers: Peers = NO_PEERS
    lockdown: Lockdown | None = None
    checks: Mapping[str, Check] = field(default_factory=dict)
    close: Callable[[], Awaitable[None]] | None = None
    extend: "Callable[[FastMCP[None]], None] | None" = None

    @property
    def command(self) -> str:
        """The command's name, and the audience of the tokens that open this server."""
        return f"{self.name}-mcp"
