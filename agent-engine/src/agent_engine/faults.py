"""Faults: what pydantic refused, in words for people."""

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
    """Give everything that was refused, without pydantic's own word for an error that our code raised."""
    return [
        Fault(".".join(map(str, item["loc"])), item["msg"].removeprefix("Value error, "), item["input"])
        for item in error.errors(include_url=False, include_context=False)
    ]
