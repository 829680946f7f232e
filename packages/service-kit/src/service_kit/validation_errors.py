"""Turns errors of pydantic into words for people."""

from dataclasses import dataclass

from pydantic import ValidationError


@dataclass(frozen=True)
class FieldError:
    """One refused value. `place` is the path of the field, joined by dots; empty for the whole document."""

    place: str
    words: str
    given: object


def field_errors(error: ValidationError) -> list[FieldError]:
    """Return every refused value."""
    return [
        FieldError(".".join(map(str, item["loc"])), reason(item["msg"]), item["input"])
        for item in error.errors(include_url=False, include_context=False)
    ]


def described(error: ValidationError) -> str:
    """Return each place and why it was refused, in one line."""
    return "; ".join(f"{one.place}: {one.words}" if one.place else one.words for one in field_errors(error))


def reason(message: str) -> str:
    """Return pydantic's message, without the prefix that it puts before errors of our own validators."""
    return message.removeprefix("Value error, ")
