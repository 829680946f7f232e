"""One call of a tool, as the tool sees it: who calls, under which name, and where its reply is to begin."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from uuid import uuid4

from mcp_kit.caller import OWNER, Caller
from mcp_kit.cursor import START, Position
from mcp_kit.errors import WrongArguments
from mcp_kit.reply_meta import ReplyMeta

KEY = "agent-bot/idempotency-key"
"""The name of a caller's own key in the `_meta` of its request."""
VISIBLE = re.compile(r"[!-~]{1,190}")


@dataclass
class Progress:
    """How far a call has come: how many of its writes were done, and for how many seconds it waited for a limit."""

    wrote: int = 0
    waited: int = 0


@dataclass(frozen=True)
class Call:
    """A call.

    Attributes:
        tool: the tool's registered name.
        start: where the cursor points; `start.page` holds the vendor's own paging parameters.
        notes: what else the caller is told, in our own words, before the reply.
        meta: what the vendor's replies told beside their content.
        id: tells the call from all others, to a gateway that counts them.
        key: the caller's own for what the call writes, by which a gateway knows a repeat of it.
        asked_page: the number of the page at which the list is to begin, until the list's paging takes it.
    """

    tool: str
    caller: Caller = OWNER
    start: Position = START
    notes: list[str] = field(default_factory=list)
    meta: ReplyMeta = field(default_factory=ReplyMeta)
    id: str = field(default_factory=lambda: uuid4().hex)
    key: str | None = None
    asked_page: list[int] = field(default_factory=list)
    progress: Progress = field(default_factory=Progress)
    _writes: Iterator[int] = field(default_factory=lambda: count(1))

    def next_key(self) -> str | None:
        """Return the key of the next of the call's writes: each has its own, in their order."""
        return None if self.key is None else f"{self.key}:{next(self._writes)}"

    def leave_out_write(self) -> None:
        """Use up the key of a write that was done before, so that those behind it keep theirs in a repeat."""
        next(self._writes)

    def from_the_start(self) -> "Call":
        """Return the same call without its cursor, for questions that have pages of their own."""
        return replace(self, start=START, asked_page=[])

    def refuse_page(self) -> None:
        """Raise WrongArguments if a page by its number is still asked for: the list has none."""
        if self.asked_page:
            raise WrongArguments(
                f"page={self.asked_page[0]} is not taken here: these pages have no numbers.",
                next_step="Leave page out, and give the next_cursor of each reply as cursor.",
            )


def read_key(given: object) -> str | None:
    """Return a caller's key; raise WrongArguments where it is none."""
    if given is None or (isinstance(given, str) and VISIBLE.fullmatch(given)):
        return given
    raise WrongArguments(f"{KEY} in _meta is not 1 to 190 visible characters; nothing was sent.")
