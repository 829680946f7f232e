"""What pydantic refused, in words for people."""

from dataclasses import dataclass

from pydantic import ValidationError


@dataclass(frozen=True)
class Fault:
    """One thing that was refused.

    Attributes:
        place: the field, its parts joined by dots; empty for the whole.
        words: what is wrong with it.
        given: what stood there.
    """

    place: str
    words: str
    given: object


def faults(error: ValidationError) -> list[Fault]:
    """Give everything that was refused."""
    return [
        Fault(".".join(map(str, item["loc"])), reason(item["msg"]), item["input"])
        for item in error.errors(include_url=False, include_context=False)
    ]


def described(error: ValidationError) -> str:
    """Name each place that was refused and why, in one line."""
    return "; ".join(f"{one.place}: {one.words}" if one.place else one.words for one in faults(error))


def reason(message: str) -> str:
    """Give pydantic's message without its word for an error that our code raised."""
    return message.removeprefix("Value error, ")
