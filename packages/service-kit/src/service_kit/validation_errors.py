"""Turns errors of pydantic into words for people."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, ValidationError


@dataclass(frozen=True)
class FieldError:
    """One refused value. `place` is the path of the field, joined by dots; empty for the whole document."""

    place: str
    words: str
    given: object


def field_errors(error: ValidationError, model: type[BaseModel] | None = None) -> list[FieldError]:
    """Return every value that was refused; an unknown field comes with the nearest one of `model`."""
    return [
        FieldError(
            ".".join(map(str, item["loc"])), _words(item["type"], item["msg"], item["loc"], model), item["input"]
        )
        for item in error.errors(include_url=False, include_context=False)
    ]


def described(error: ValidationError, model: type[BaseModel] | None = None) -> str:
    """Return each place and why it was refused, in one line."""
    return "; ".join(f"{one.place}: {one.words}" if one.place else one.words for one in field_errors(error, model))


def _words(kind: str, message: str, place: Sequence[str | int], model: type[BaseModel] | None = None) -> str:
    if kind != "extra_forbidden":
        return reason(message)
    return f"unknown field{nearest(str(place[-1]), fields_at(model, place[:-1]))}"


def reason(message: str) -> str:
    """Return pydantic's message, without the prefix that it puts before errors of our own validators."""
    return message.removeprefix("Value error, ")


def nearest(name: str, known: Collection[str]) -> str:
    """Return the question whether the nearest known name was meant; empty if none is near."""
    near = get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f": did you mean {near[0]}?" if near else ""


def fields_at(kind: Any, place: Sequence[str | int]) -> list[str]:
    """Return the names of the fields that a model has at a place in it; empty where there is none."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        fields = kind.model_fields
        if not place:
            return list(fields)
        field = fields.get(str(place[0]))
        return fields_at(field.annotation, place[1:]) if field else []
    arguments = get_args(kind)
    if get_origin(kind) in (dict, list):
        return fields_at(arguments[-1], place[1:]) if place else []
    return next((found for choice in arguments if (found := fields_at(choice, place))), [])
