"""One call of a tool, as the tool sees it: who calls, under which name, and where its reply is to begin."""

from dataclasses import dataclass

from mcp_kit.caller import OWNER, Caller
from mcp_kit.cursor import START, Position


@dataclass(frozen=True)
class Call:
    """A call.

    Attributes:
        tool: the tool's registered name.
        caller: who calls.
        start: where the cursor points; `start.page` holds the vendor's own paging parameters.
    """

    tool: str
    caller: Caller = OWNER
    start: Position = START
