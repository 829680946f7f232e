"""A value that several kinds refuse is told once, at the place where the caller wrote it."""

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError
from service_kit.validation_errors import field_errors


class Inner(BaseModel):
    """A field with kinds of its own."""

    size: int | list[int] | None = None


class Sample(BaseModel):
    """Kinds within kinds."""

    tags: dict[str, str | int | list[str | int]] = {}
    part: str | Inner = ""


@pytest.mark.parametrize(
    ("value", "places"),
    [
        ({"tags": {"a": ["x", []]}}, ["tags.a", "tags.a.1"]),
        ({"part": {"size": ["x"]}}, ["part", "part.size", "part.size.0"]),
    ],
)
def test_no_name_of_a_kind_stands_in_a_place(value: dict[str, Any], places: list[str]) -> None:
    """The kinds of a list's items, and those of a model that is one kind of several, are left out too."""
    with pytest.raises(ValidationError) as refused:
        Sample.model_validate(value)
    assert [one.place for one in field_errors(refused.value, Sample)] == places
