"""Whether a JSON Schema can be used, and whether a value fits it. Pure; a pattern takes time linear in its text."""

import json
from typing import Any

from jsonschema_rs import Draft202012Validator, RegexOptions, ValidationError, ValidationErrorKind
from service_kit.untrusted_text import clean_line
from service_kit.validation_errors import nearest

from agent_ledger.errors import UnusableSchema

LINEAR = RegexOptions(size_limit=100_000)
"""No look-around and no back-reference; the size is that of the compiled pattern, in bytes."""
SHOWN = 100
"""The most characters of a value or a description that an error repeats."""
INSTANCE = "\0"
"""What stands for the value in a message of jsonschema-rs, so that no error of many levels repeats it at each."""
CHOICES = (ValidationErrorKind.AnyOf, ValidationErrorKind.OneOfNotValid)
KEYS = (ValidationErrorKind.Required, ValidationErrorKind.AdditionalProperties)
MOST_KEYS = 5
"""The most keys of one kind that an error names."""


def value_error(schema: dict[str, Any], value: object) -> str | None:
    """Return in one line where a value does not fit a schema, or None where it does.

    References to other documents are not fetched.

    Raises:
        UnusableSchema: no value can be checked by the schema.
    """
    try:
        checker = _checker(schema)
    except ValueError:
        raise UnusableSchema("; ".join(schema_errors(schema))) from None
    try:
        checker.validate(value)
    except ValidationError as error:
        return clean_line(_explained(error, schema))
    except UnicodeEncodeError:  # half of a surrogate pair, which the ledger stores as a question mark
        return value_error(schema, json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")))
    except ValueError as error:
        return f"the whole: {clean_line(str(error))}"
    return None


def schema_errors(schema: dict[str, Any]) -> list[str]:
    """Return what makes a schema unusable; an empty list means that it can be used.

    All that is no JSON Schema and every pattern is named, and then the first reference that leads nowhere.
    """
    try:
        found = dict.fromkeys(_misshapen(error) for error in SCHEMAS.iter_errors(schema))
        if not found:
            _checker(schema)
    except ValidationError as error:
        if isinstance(error.kind, ValidationErrorKind.Referencing):
            why = f"a $ref leads to no schema: {clean_line(error.message)}"
            return [f"{why}: other documents are not fetched, put what it names under $defs"]
        return [_misshapen(error)]
    except ValueError as error:
        return [f"it cannot be read: {clean_line(str(error))}"]
    return list(found)


def _checker(schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator(schema, pattern_options=LINEAR, mask=INSTANCE, offline=True)


def _linear(pattern: str) -> bool:
    try:
        _checker({"pattern": pattern})
    except ValueError:
        return False
    return True


SCHEMAS = Draft202012Validator(
    {"$ref": "https://json-schema.org/draft/2020-12/schema"},
    formats={"regex": _linear},
    validate_formats=True,
    mask=INSTANCE,
    offline=True,
)


def _innermost(error: ValidationError) -> ValidationError:
    """Return what is wrong with a property's name, or with the value in the alternative that it comes nearest to."""
    while True:
        if isinstance(error.kind, CHOICES):
            inner = [one for branch in error.kind.context for one in branch]
            error = max(inner, key=lambda one: len(one.instance_path))
        elif isinstance(error.kind, ValidationErrorKind.PropertyNames):
            error = error.kind.error
        else:
            return error


def _explained(error: ValidationError, schema: dict[str, Any]) -> str:
    error = _innermost(error)
    place = ".".join(map(str, error.instance_path))
    at = _schema_at(schema, error.schema_path[:-1])
    value = error.instance
    if isinstance(error.kind, KEYS) and isinstance(value, dict) and (said := _wrong_keys(at, value)):
        return f"{place}: {said}" if place else said
    meant = at.get("description") if error.kind.name == "pattern" else None
    said = error.message if meant is None else f"{INSTANCE} is not {clean_line(str(meant), SHOWN)}"
    return f"{place or 'the whole'}: {said.replace(INSTANCE, _shown(value))}"


def _wrong_keys(schema: dict[str, Any], value: dict[str, Any]) -> str:
    """Name the keys that an object lacks, and those that it may not have, each with the nearest one that it may."""
    known = schema.get("properties", {})
    missing = [name for name in schema.get("required", []) if name not in value]
    closed = schema.get("additionalProperties") is False and "patternProperties" not in schema
    unknown = [name for name in value if name not in known] if closed else []
    free = [*missing, *(name for name in known if name not in value and name not in missing)]
    told = [f"{_shown(name)} is missing" for name in missing[:MOST_KEYS]]
    told += [f"{_shown(name)} is unknown{nearest(name[:SHOWN], free)}" for name in unknown[:MOST_KEYS]]
    more = len(missing) + len(unknown) - len(told)
    return ", ".join(told) + (f", and {more} more" if more else "")


def _misshapen(error: ValidationError) -> str:
    error = _innermost(error)
    if isinstance(error.kind, ValidationErrorKind.Format) and error.kind.format == "regex":
        return (
            f"pattern {_shown(error.instance)} is no regular expression that is matched in linear time: "
            "write it without look-around, back-references and large repetitions"
        )
    place = ".".join(["$", *map(str, error.instance_path)])
    said = error.message.replace(INSTANCE, _shown(error.instance))
    return clean_line(f"not a JSON Schema (2020-12): {place}: {said}")


def _shown(value: object) -> str:
    return clean_line(json.dumps(value, ensure_ascii=False), SHOWN)


def _schema_at(schema: Any, path: list[str | int]) -> dict[str, Any]:
    """Return the schema at a path; an empty one where a reference led out of the schema."""
    try:
        for step in path:
            schema = schema[step]
    except (LookupError, TypeError):
        return {}
    return schema if isinstance(schema, dict) else {}
