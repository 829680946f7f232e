"""Turns errors of pydantic into words for people."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError

UNIONS = (Union, UnionType)
UNKNOWN = "extra_forbidden"
"""What pydantic calls the error of a field that is not known."""
SHOULD_BE = "Input should be "


@dataclass(frozen=True)
class FieldError:
    """One refused value. `place` is the path of the field, joined by dots; empty for the whole document."""

    place: str
    words: str
    given: object


@dataclass(frozen=True)
class RefusedValue:
    """One refused value: the path to it, what pydantic calls the error, its message, and the value."""

    place: list[str | int]
    kind: str
    message: str
    given: object


def field_errors(error: ValidationError, model: type[BaseModel] | None = None) -> list[FieldError]:
    """Return every value that was refused; an unknown field comes with the nearest one of `model`."""
    return [
        FieldError(".".join(map(str, one.place)), _words(one, model), one.given) for one in refused_values(error, model)
    ]


def refused_values(error: ValidationError, model: type[BaseModel] | None = None) -> list[RefusedValue]:
    """Return every value that was refused, at its place in the document.

    Where a field takes values of several kinds, pydantic refuses a value once for each kind, and names the kind in the
    place: these are one here, at the field.
    """
    found: dict[tuple[str | int, ...], RefusedValue] = {}
    for item in error.errors(include_url=False, include_context=False):
        place = without_kinds(model, [part for part in item["loc"] if part != "[key]"])
        message = reason(item["msg"])
        if (other := found.get(tuple(place))) is not None:
            message = f"{other.message}, or {message.removeprefix(SHOULD_BE)}"
        found[tuple(place)] = RefusedValue(place, item["type"], message, item["input"])
    return list(found.values())


def described(error: ValidationError, model: type[BaseModel] | None = None) -> str:
    """Return each place and why it was refused, in one line."""
    return "; ".join(f"{one.place}: {one.words}" if one.place else one.words for one in field_errors(error, model))


def _words(one: RefusedValue, model: type[BaseModel] | None = None) -> str:
    if one.kind != UNKNOWN:
        return one.message
    return f"unknown field{nearest(str(one.place[-1]), fields_at(model, one.place[:-1]))}"


def reason(message: str) -> str:
    """Return pydantic's message, without the prefix that it puts before errors of our own validators."""
    return message.removeprefix("Value error, ")


def nearest(name: str, known: Collection[str]) -> str:
    """Return the question whether the nearest known name was meant; empty if none is near."""
    near = get_close_matches(name, known, n=1) or [one for one in known if one.startswith(name)]
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


def without_kinds(kind: Any, place: Sequence[str | int]) -> list[str | int]:
    """Return a place as the caller knows it: without the names that pydantic gives the kinds of a union."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if not place:
        return []
    arguments = get_args(kind)
    if get_origin(kind) in UNIONS:
        several = [choice for choice in arguments if choice is not NoneType]
        if len(several) == 1:
            return without_kinds(several[0], place)
        chosen = next((choice for choice in several if _is_named(choice, str(place[0]))), None)
        return without_kinds(chosen, place[1:])
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        field = kind.model_fields.get(str(place[0]))
        return [place[0], *without_kinds(field.annotation if field else None, place[1:])]
    inner = arguments[-1] if get_origin(kind) in (dict, list) else None
    return [place[0], *without_kinds(inner, place[1:])]


def _is_named(choice: Any, name: str) -> bool:
    """Return whether pydantic gives a kind of a union this name: its tag, or that of its type."""
    if get_origin(choice) is Annotated and any(isinstance(mark, Tag) for mark in get_args(choice)):
        return Tag(name) in get_args(choice)
    return getattr(get_origin(choice) or choice, "__name__", "") == name.partition("[")[0]
