"""Whether a value fits a JSON Schema. Pure."""

from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from referencing import Registry
from service_kit.foreign import clean_line


def misfit(schema: dict[str, Any], value: object) -> str | None:
    """Say in one line where a value does not fit a schema, or give None where it does.

    References to other documents are not fetched: a schema that has one fits nothing.
    """
    try:
        error = best_match(Draft202012Validator(schema, registry=Registry()).iter_errors(value))
    except Exception as broken:
        return f"the schema cannot be used: {clean_line(str(broken))}"
    if error is None:
        return None
    place = ".".join(str(part) for part in error.absolute_path) or "the whole"
    return f"{place}: {clean_line(error.message)}"
