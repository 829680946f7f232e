"""What pydantic refused, in words for people."""

from dataclasses import dataclass

from pydantic import ValidationError


@dataclass(frozen=True)
class FieldError:
    """One thing that was refused.

    Attributes:
        place: the field, its parts joined by dots; empty for the whole.
        words: what is wrong with it.
        given: what stood there.
    """

    place: str
    words: str
    given: object


def field_errors(error: ValidationError) -> list[FieldError]:
    """Return everything that was refused."""
    return [
        FieldError(".".join(map(str, item["loc"])), reason(item["msg"]), item["input"])
        for item in error.errors(include_url=False, include_context=False)
    ]


def described(error: ValidationError) -> str:
    """Name each place that was refused and why, in one line."""
    return "; ".join(f"{one.place}: {one.words}" if one.place else one.words for one in field_errors(error))


def reason(message: str) -> str:
    """Return pydantic's message without its word for an error that our code raised."""
    return message.removeprefix("Value error, ")
