"""Notifications of the token's account, and how it follows conversations and repositories."""

import re
from datetime import datetime
from typing import Self

from mcp_kit.formatting import quote, stamp
from mcp_kit.lockdown import leaves_out
from mcp_kit.shown_names import show_name
from mcp_kit.vendor_document import VendorDocument
from pydantic import model_validator

from github_mcp.models.people import LEFT_OUT
from github_mcp.models.repository import NamedRepository

NUMBER = re.compile(r"/(?:issues|pulls)/([0-9]{1,12})\Z")
WORD = re.compile(r"[A-Za-z_]{1,40}")


class Subject(VendorDocument):
    """The conversation, release or other thing that a notification is about."""

    title: str
    url: str = ""
    type: str


class Notification(VendorDocument):
    """A notification. GitHub does not say who wrote its title, which lockdown leaves out in public repositories."""

    id: str
    repository: NamedRepository
    subject: Subject
    reason: str
    unread: bool = True
    updated_at: datetime

    @model_validator(mode="after")
    def _leave_out(self) -> Self:
        if not self.repository.private and leaves_out(self.repository.full_name):
            self.subject.title = LEFT_OUT
        return self

    def row(self) -> str:
        """Write it in one row, beginning with the id by which it is asked for."""
        number = NUMBER.search(self.subject.url)
        where = self.repository.name + (f"#{number[1]}" if number else "")
        read = "" if self.unread else " read"
        facts = f"{_word(self.id)}{read} {_word(self.reason)}, {where} {_word(self.subject.type)}"
        return f"{facts} {quote(self.subject.title, 256)} {stamp(self.updated_at)}"


class Subscription(VendorDocument):
    """How the account follows a conversation or a repository."""

    subscribed: bool = False
    ignored: bool = False

    @property
    def words(self) -> str:
        """Say it in a word."""
        return "ignored" if self.ignored else "watched" if self.subscribed else "not watched"


def _word(text: str) -> str:
    return text if (text.isascii() and text.isdigit()) or WORD.fullmatch(text) else show_name(text)
