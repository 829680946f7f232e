"""Projects of organizations, their fields, and their items with the values of these."""

from datetime import date, datetime
from math import isfinite
from typing import Any

from mcp_kit.errors import Quoted, WrongArguments
from mcp_kit.formatting import quote, stamp
from mcp_kit.shown_names import show_name
from mcp_kit.vendor_document import VendorDocument
from pydantic import Field, model_validator

from github_mcp.models.people import GHOST, User
from github_mcp.models.threads import Issue

CHOICES = frozenset({"single_select", "iteration"})
SETTABLE = CHOICES | {"text", "number", "date"}
"""The types of fields that an item has values of its own in; the others show what stands elsewhere."""
TAKES = {"number": "a number", "date": "a date as 2026-01-31"}
"""What fields take that have no choices."""
Given = str | float | None


class Project(VendorDocument):
    """A project."""

    number: int
    title: str
    state: str = "open"
    public: bool = False
    short_description: str | None = None
    description: str | None = None
    updated_at: datetime

    def row(self) -> str:
        """Write it in one row."""
        about = f": {quote(self.short_description, 160)}" if self.short_description else ""
        public = ", public" if self.public else ""
        return f"{self.number} {self.state} {quote(self.title, 256)}{public}, updated {stamp(self.updated_at)}{about}"


class Choice(VendorDocument):
    """A choice of a field: an option, or an iteration, which has a start."""

    id: str
    name: str
    start: date | None = None

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        return {"id": given.get("id"), "name": words_of(given), "start": given.get("start_date")}

    def shown(self) -> str:
        """Write its name, and when it starts."""
        return show_name(self.name) + (f" from {self.start}" if self.start else "")


class ProjectField(VendorDocument):
    """A field of a project, with its choices if it has any."""

    id: int
    name: str
    data_type: str
    choices: list[Choice] = Field(default_factory=list)

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        iterations = (given.get("configuration") or {}).get("iterations")
        return {**given, "choices": given.get("options") or iterations or []}

    @property
    def settable(self) -> bool:
        """Whether an item has values of its own in it."""
        return self.data_type in SETTABLE

    def row(self) -> str:
        """Write it in one row, with its choices."""
        choices = f": {', '.join(one.shown() for one in self.choices)}" if self.choices else ""
        return f"{show_name(self.name)} {self.data_type}{choices}"

    def value_of(self, given: Given) -> Given:
        """Return a value as GitHub takes it: of a choice its id.

        Raises:
            WrongArguments: the field does not take it; has its choices.
        """
        if given is None:
            return None
        try:
            read = self._read(given)
        except ValueError:
            raise self._wrong("nothing was sent", "null clears it") from None
        return read.id if isinstance(read, Choice) else read

    def shown_value(self, given: str) -> str:
        """Return a value by which items are found, as they show it: of a choice its name; "" of those without one.

        Raises:
            WrongArguments: no item can have it in this field; has its choices.
        """
        try:
            read = self._read(given) if given else ""
        except ValueError:
            raise self._wrong("no item was looked at", '"" finds what has none') from None
        return read.name if isinstance(read, Choice) else words_of(read)

    def _read(self, given: str | float) -> Choice | str | float:
        """Return the choice, the number, the date or the text that is given; raise ValueError where it is none."""
        if self.data_type in CHOICES:
            name = str(given).casefold()
            for one in self.choices:
                if name in (one.name.casefold(), one.id):
                    return one
            raise ValueError("no choice of the field")
        if self.data_type == "number":
            return _finite(given)
        return date.fromisoformat(str(given)).isoformat() if self.data_type == "date" else str(given)

    def _wrong(self, ended: str, without: str) -> WrongArguments:
        takes = TAKES.get(self.data_type, "one of its choices")
        return WrongArguments(
            f"A field that was given takes {takes}; {ended}.",
            quoted=Quoted("the field", self.row()),
            next_step=f"Give {takes}; {without}.",
        )


class Draft(VendorDocument):
    """A draft in a project, which those write who may write to the project."""

    title: str
    body: str | None = None
    user: User = GHOST

    def brief(self) -> str:
        """Write its title in one row."""
        return f"draft {quote(self.title, 256)} by {self.user.name}"


class ItemValue(VendorDocument):
    """The value that an item has in a field."""

    id: int
    name: str
    shown: str

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        shown = words_of(given.get("value"))
        return {**given, "shown": shown[:10] if given.get("data_type") == "date" else shown}


class ProjectItem(VendorDocument):
    """An item of a project: an issue or pull request, a draft, or what the token may not see."""

    id: int
    issue: Issue | None = None
    draft: Draft | None = None
    values: list[ItemValue] = Field(default_factory=list)
    archived_at: datetime | None = None

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        content, kind = given.get("content"), given.get("content_type")
        values = [
            one
            for one in given.get("fields") or ()
            if one.get("data_type") in SETTABLE and one.get("value") is not None
        ]
        found = {"id": given.get("id"), "values": values, "archived_at": given.get("archived_at")}
        if not isinstance(content, dict):
            return found
        if kind == "PullRequest":
            place = str(content.get("url")).rpartition("/pulls/")[0]
            content = {**content, "repository_url": place, "pull_request": {"merged_at": content.get("merged_at")}}
        return {**found, "draft" if kind == "DraftIssue" else "issue": content}

    def is_so(self, wanted: dict[int, str]) -> bool:
        """Return whether it has these values, as they are shown, by the ids of their fields; "" where it has none."""
        now = {one.id: one.shown.casefold() for one in self.values}
        return all(now.get(field, "") == value.casefold() for field, value in wanted.items())

    def row(self) -> str:
        """Write it in one row, beginning with the id by which it is changed."""
        issue = self.issue
        if issue is not None:
            what = f"{issue.repository}{issue.brief()}"
            what += f", assignees {' '.join(user.name for user in issue.assignees)}" if issue.assignees else ""
        else:
            what = self.draft.brief() if self.draft else "what the token may not see"
        archived = ["archived"] if self.archived_at else []
        return ", ".join([f"{self.id} {what}", *archived, *(self._values())])

    def _values(self) -> list[str]:
        return [f"{show_name(one.name)} {quote(one.shown, 200)}" for one in self.values]


def _finite(given: str | float) -> float:
    number = float(given)
    if not isfinite(number):
        raise ValueError("no number that JSON has")
    return number


def words_of(value: Any) -> str:
    """Return what people read of a value or a choice: of a choice its name, of a text its words."""
    if isinstance(value, dict):
        return words_of(next((value[key] for key in ("name", "title", "raw") if value.get(key) is not None), None))
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value)
