"""Cursors: opaque to clients; they say which page of which question comes next, and where in it."""

import base64
import binascii
import hashlib
import json
from collections.abc import Collection, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from mcp_kit.errors import WrongArguments
from mcp_kit.tool import CURSOR

VALUE = r"[!#-\[\]-~]{1,800}"
"""A value of a vendor's paging parameter: visible ASCII that JSON writes as it is, so that the cursor stays short."""
Name = Annotated[str, StringConstraints(pattern=r"^[!#-\[\]-~]{1,64}$")]
Value = Annotated[str, StringConstraints(pattern=rf"^{VALUE}$")]
ANY_PAGE_SIZE = frozenset({CURSOR, "limit", "detail"})
"""Arguments that may differ between a question and its continuation."""
PAGE = "page"
MOST_DIGITS = 9


class Position(BaseModel):
    """Where a reply goes on: the vendor's page, whole items to skip in it, characters to skip in the next one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    page: dict[Name, Value] = Field(default_factory=dict, alias="p", max_length=6)
    skip: int = Field(default=0, alias="s", ge=0, le=100_000)
    offset: int = Field(default=0, alias="o", ge=0, le=100_000_000)

    @classmethod
    def of(cls, page: Mapping[str, str | int], *, skip: int = 0, offset: int = 0) -> "Position":
        """Make a position in a vendor's page."""
        return cls(p={name: str(value) for name, value in page.items()}, s=skip, o=offset)


START = Position()


def encode(position: Position, question: str) -> str:
    """Make the cursor that leads to a position of a question."""
    known = position.model_dump(by_alias=True, exclude_defaults=True)
    raw = json.dumps({"q": question, **known}, separators=(",", ":"))
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def decode(cursor: str | None, question: str) -> Position:
    """Read a cursor of a question; without one, the beginning. Others than its own raise WrongArguments."""
    if not cursor:
        return START
    try:
        raw = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        asked = raw.pop("q")
        position = Position.model_validate(raw)
    except (ValueError, binascii.Error, AttributeError, KeyError, TypeError, ValidationError, RecursionError):
        raise WrongArguments(
            "The cursor is not one that this server gave.",
            next_step="Leave it out, or copy next_cursor of the last reply as it is.",
        ) from None
    if asked != question:
        raise WrongArguments(
            "The cursor belongs to another question.",
            next_step="Repeat the arguments of the call that gave it, or leave the cursor out.",
        )
    return position


def question_of(tool: str, arguments: Mapping[str, Any]) -> str:
    """Return the mark by which a cursor is known to belong to a call's arguments."""
    asked = {name: value for name, value in arguments.items() if name not in ANY_PAGE_SIZE and value is not None}
    raw = json.dumps([tool, asked], sort_keys=True, default=str).encode("utf-8", "surrogatepass")
    return hashlib.sha256(raw).hexdigest()[:8]


def take_page(arguments: Mapping[str, Any], fields: Collection[str]) -> tuple[Mapping[str, Any], list[int]]:
    """Return a call's arguments without the number of a page, and that number if it is not the first.

    Other servers' callers number pages; ours are asked for by a cursor, so that no tool but these takes a number.
    """
    if PAGE not in arguments or PAGE in fields or CURSOR not in fields:
        return arguments, []
    rest = {name: value for name, value in arguments.items() if name != PAGE}
    text = "1" if arguments[PAGE] is None else str(arguments[PAGE]).removesuffix(".0")
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS and int(text)):
        raise WrongArguments("page: a number from 1 is asked for; nothing was sent.")
    if int(text) > 1 and rest.get(CURSOR):
        raise WrongArguments(
            "page and cursor do not go together; nothing was sent.", next_step="Give next_cursor as cursor, alone."
        )
    return rest, [int(text)] if int(text) > 1 else []
