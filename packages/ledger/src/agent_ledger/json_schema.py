"""Whether a JSON Schema can be used, and whether a value fits it. Pure."""

import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012
from service_kit.untrusted_text import clean_line

from agent_ledger.errors import UnusableSchema

META = "https://json-schema.org/draft/2020-12/"
"""Where the documents are that every reader of JSON Schema has."""
REFERENCES = ("$ref", "$dynamicRef")
NAMED = 100
SCHEMAS = Draft202012Validator(Draft202012Validator.META_SCHEMA)


def value_error(schema: dict[str, Any], value: object) -> str | None:
    """Return in one line where a value does not fit a schema, or None where it does.

    References to other documents are not fetched.

    Raises:
        UnusableSchema: no value can be checked by the schema.
    """
    try:
        error = best_match(Draft202012Validator(schema, registry=Registry()).iter_errors(value))
    except Exception as broken:
        wrong = schema_errors(schema)
        if wrong or not isinstance(broken, RecursionError):
            raise UnusableSchema("; ".join(wrong) or clean_line(str(broken))) from None
        return "the whole: it is nested too deep to be held to the schema"
    if error is None:
        return None
    place = ".".join(str(part) for part in error.absolute_path) or "the whole"
    meant = error.schema.get("description") if error.validator == "pattern" else None
    said = f"{error.instance!r} is not {clean_line(meant, NAMED)}" if isinstance(meant, str) else error.message
    return f"{place}: {clean_line(said)}"


def schema_errors(schema: dict[str, Any]) -> list[str]:
    """Return everything that makes a schema unusable; an empty list means that it can be used."""
    try:
        found = [best_match([one]) for one in SCHEMAS.iter_errors(schema)]
    except RecursionError:
        return ["it is nested too deep"]
    if found:
        return [f"not a JSON Schema (2020-12): {one.json_path}: {clean_line(one.message)}" for one in found]
    wrong: dict[str, None] = {}
    beside: dict[int, list[int]] = {}
    for part, resolver in _parts(schema):
        wrong |= dict.fromkeys(_bad_patterns(part))
        same = [*_beside(part)]
        for word in REFERENCES:
            try:
                same += [_target(part, word, resolver)[0]]
            except (Unresolvable, ValueError):
                fault = f"{word} '{clean_line(part[word], NAMED)}' leads to no schema"
                wrong[f"{fault}: other documents are not fetched, put what it names under $defs"] = None
        beside[id(part)] = [id(one) for one in same]
    try:
        TopologicalSorter(beside).prepare()
    except CycleError:
        wrong["a $ref leads back to itself and says nothing of the value on its way: it would never end"] = None
    return list(wrong)


def _parts(schema: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Any]]:
    """Return a schema, every schema in it and all they refer to, with what resolves references there."""
    whole = DRAFT202012.create_resource(schema)
    waiting: list[tuple[Any, Any]] = [(schema, Registry().resolver_with_root(whole))]
    seen: set[int] = set()
    while waiting:
        part, resolver = waiting.pop()
        if not isinstance(part, dict) or id(part) in seen:
            continue
        seen.add(id(part))
        yield part, resolver
        inside = DRAFT202012.create_resource(part).subresources()
        waiting += [(one.contents, resolver.in_subresource(one)) for one in inside]
        for word in REFERENCES:
            try:
                waiting.append(_target(part, word, resolver))
            except (Unresolvable, ValueError):
                continue  # told by whoever asked


def _target(part: dict[str, Any], word: str, resolver: Any) -> tuple[object, Any]:
    """Return what a reference leads to: nothing where there is none, or where it leads to JSON Schema itself.

    Raises:
        ValueError: it leads to what is no schema.
        Unresolvable: it leads nowhere.
    """
    named = part.get(word)
    if named is None or named.startswith(META):
        return None, resolver
    found = resolver.lookup(named)
    if not SCHEMAS.is_valid(found.contents):
        raise ValueError(named)
    return found.contents, found.resolver


def _bad_patterns(part: dict[str, Any]) -> Iterator[str]:
    for pattern in (part.get("pattern", ""), *part.get("patternProperties", {})):
        try:
            re.compile(pattern)
        except (re.error, RecursionError, OverflowError) as error:
            yield f"pattern '{clean_line(pattern, NAMED)}' is no regular expression of Python's: {error}"


def _beside(part: dict[str, Any]) -> Iterator[object]:
    """Return the schemas in a schema that check the same value as it does."""
    yield from (part[word] for word in ("not", "if", "then", "else") if word in part)
    for word in ("allOf", "anyOf", "oneOf"):
        yield from part.get(word, ())
    yield from part.get("dependentSchemas", {}).values()
