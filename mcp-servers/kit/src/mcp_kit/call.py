"""One call of a tool, as the tool sees it: who calls, under which name, and where its reply is to begin."""

from dataclasses import dataclass, field, replace
from uuid import uuid4

from mcp_kit.caller import OWNER, Caller
from mcp_kit.cursor import START, Position
from mcp_kit.reply_meta import ReplyMeta


@dataclass(frozen=True)
class Call:
    """A call.

    Attributes:
        tool: the tool's registered name.
        start: where the cursor points; `start.page` holds the vendor's own paging parameters.
        notes: what else the caller is told, in our own words, before the reply.
        meta: what the vendor's replies told beside their content.
        id: tells the call from all others, to a gateway that counts them.
    """

    tool: str
    caller: Caller = OWNER
    start: Position = START
    notes: list[str] = field(default_factory=list)
    meta: ReplyMeta = field(default_factory=ReplyMeta)
    id: str = field(default_factory=lambda: uuid4().hex)

    def from_the_start(self) -> "Call":
        """Return the same call without its cursor, for questions that have pages of their own."""
        return replace(self, start=START)
