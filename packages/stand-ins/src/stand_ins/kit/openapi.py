"""A vendor's OpenAPI description as a judge of requests and replies: which operation is meant, and what is wrong.

Takes OpenAPI 3.0 and 3.1 as JSON or YAML. A vendor whose API goes beyond its description has a subclass.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml
from openapi_schema_validator import OAS30ReadValidator, OAS30WriteValidator, OAS31Validator, oas30_format_checker
from referencing import Registry
from referencing.jsonschema import DRAFT4, DRAFT202012

from stand_ins.kit.openapi_nulls import let_null_in

DOCUMENT = "urn:vendor"
METHODS = ("get", "post", "put", "patch", "delete")
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Described:
    """An operation of the description: its method and path as written there, and what it says."""

    method: str
    path: str
    pattern: re.Pattern[str]
    node: dict[str, Any]


class Description:
    """The description in a file.

    Raises:
        ValueError: it is no OpenAPI 3.0 or 3.1.
    """

    def __init__(self, path: Path) -> None:
        text = path.read_text(encoding="utf-8")
        document: dict[str, Any] = (
            json.loads(text) if path.suffix == ".json" else yaml.load(text, Loader=yaml.CSafeLoader)
        )
        version = str(document.get("openapi", "none"))
        if not version.startswith(("3.0", "3.1")):
            raise ValueError(f"{path.name}: OpenAPI {version} is not understood: take a description in 3.0 or 3.1")
        self._old = version.startswith("3.0")
        self.mend(document)
        if self._old:
            let_null_in(document)
        self._document = document
        dialect = DRAFT4 if self._old else DRAFT202012
        self._registry: Registry[Any] = Registry().with_resource(DOCUMENT, dialect.create_resource(document))
        self._formats = _format_checker()
        root = urlsplit(next((one["url"] for one in document.get("servers", [])), "")).path.rstrip("/")
        self._operations = [
            Described(method.upper(), template, self.pattern(root + template), item[method])
            for template, item in document["paths"].items()
            for method in METHODS
            if method in item
        ]
        # A path written out wins over one with a parameter in its place.
        self._operations.sort(key=lambda one: one.path.count("{"))

    def mend(self, document: dict[str, Any]) -> None:
        """Correct what the vendor's own documentation tells otherwise; nothing unless a subclass does."""

    def canonical(self, path: str) -> str:
        """Return the described path of one that the vendor serves beside it; the path itself unless a subclass does."""
        return path

    def pattern(self, template: str) -> re.Pattern[str]:
        """Read a path template; a parameter holds no slash unless a subclass lets it."""
        return re.compile(re.sub(r"\\{[^}]+\\}", "[^/]+", re.escape(template)))

    def error_schema(self, status: int) -> str | None:
        """Name the schema of a status that any operation may answer; none unless a subclass does."""
        return None

    def media_type(self, headers: Mapping[str, str]) -> str:
        """Return the media type under which a reply's schema is described."""
        return _media(headers)

    def undescribed(self, media: str, status: int) -> bool:
        """Say whether a reply's media type is right though the description does not list it."""
        return False

    def find(self, method: str, path: str) -> Described | None:
        """Return the operation that a path (still encoded) means; None if there is none."""
        wanted, described = "GET" if method == "HEAD" else method, self.canonical(path)
        return next(
            (one for one in self._operations if one.method == wanted and one.pattern.fullmatch(described)), None
        )

    def request_faults(self, operation: Described, query: str, media: str, body: bytes) -> list[str]:
        """Say what is wrong with a request; `media` is its body's media type."""
        faults = []
        asked = parse_qs(query, keep_blank_values=True)
        parameters = map(self._resolved, operation.node.get("parameters", []))
        known = {one["name"]: one for one in parameters if one["in"] == "query"}
        for name, values in asked.items():
            if name not in known:
                faults.append(f"query parameter {name} is not described")
                continue
            schema = self._resolved(known[name].get("schema", {}))
            faults += [f"query {name}: {one}" for one in self._query_errors(schema, values)]
        faults += [
            f"query parameter {name} is missing"
            for name, one in known.items()
            if one.get("required") and name not in asked
        ]
        return faults + self._body_faults(operation, media, body)

    def reply_faults(self, operation: Described, status: int, headers: Mapping[str, str], body: bytes) -> list[str]:
        """Say what is wrong with a reply."""
        if status >= 500 or (status in {301, 302, 307} and not body):
            return []
        responses = operation.node["responses"]
        declared = responses.get(str(status), responses.get(f"{status // 100}XX", responses.get("default")))
        error = self.error_schema(status)
        if declared is None and error is None and (status, operation.method) != (304, "GET"):
            return [f"status {status} is not described"]
        content = self._resolved(declared).get("content", {}) if declared else {}
        if status in {204, 304} or (not body and not content and error is None):
            return [f"a body with status {status}"] if body else []
        media = _media(headers)
        if media != JSON:
            right = media in content or self.undescribed(media, status)
            return [] if right else [f"content type {headers.get('content-type', '')!r} with {status}"]
        try:
            value = json.loads(body)
        except ValueError:
            return ["the body is not JSON"]
        schema = content.get(self.media_type(headers), {}).get("schema")
        if schema is None and error is not None:
            schema = {"$ref": f"#/components/schemas/{error}"}
        return [] if schema is None else self._errors(schema, value, write=False)

    def _query_errors(self, schema: dict[str, Any], values: Sequence[str]) -> list[str]:
        if schema.get("type") == "array":
            return self._errors(schema, _typed_list(values, self._resolved(schema.get("items", {}))), write=True)
        # A text is a number or a word as the schema that it fits best reads it.
        kinds = schema.get("anyOf") or schema.get("oneOf") or [schema]
        faults: list[str] = []
        for value in values:
            tried = [self._errors(schema, _typed(value, self._resolved(kind)), write=True) for kind in kinds]
            best = min(tried, key=len)
            faults += best
        return faults

    def _body_faults(self, operation: Described, media: str, body: bytes) -> list[str]:
        described = operation.node.get("requestBody")
        if described is None:
            return ["a body where none is described"] if body else []
        described = self._resolved(described)
        if not body:
            return ["the body is missing"] if described.get("required") else []
        # What a client sends without a type, or under one that is not described, is read as JSON.
        kind = media if media in described["content"] else JSON
        if kind not in described["content"]:
            return [f"a body of type {media!r} is not described"]
        schema = described["content"][kind].get("schema", {})
        if kind == FORM:
            value: Any = self._form(self._resolved(schema), body.decode())
        elif kind == JSON:
            try:
                value = json.loads(body)
            except ValueError:
                return ["the body is not JSON"]
        else:
            return []
        return [f"body: {one}" for one in self._errors(schema, value, write=True)]

    def _form(self, schema: dict[str, Any], text: str) -> dict[str, Any]:
        fields = schema.get("properties", {})
        read: dict[str, Any] = {}
        for name, values in parse_qs(text, keep_blank_values=True).items():
            field = self._resolved(fields.get(name, {}))
            several = field.get("type") == "array"
            read[name] = _typed_list(values, field.get("items", {})) if several else _typed(values[-1], field)
        return read

    def _errors(self, schema: dict[str, Any], value: Any, *, write: bool) -> list[str]:
        old = OAS30WriteValidator if write else OAS30ReadValidator
        kind = old if self._old else OAS31Validator
        validator = kind(_absolute(schema), registry=self._registry, format_checker=self._formats)
        return [f"{one.json_path}: {one.message[:300]}" for one in validator.iter_errors(value)]

    def _resolved(self, node: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in node:
            found: Any = self._document
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            node = found
        return node


def _media(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip()


def _typed_list(values: Sequence[str], schema: Mapping[str, Any]) -> list[Any]:
    return [_typed(one, schema) for one in values]


def _typed(text: str, schema: Mapping[str, Any]) -> Any:
    kinds = schema.get("type")
    if kinds in ("integer", "number"):
        try:
            return int(text) if kinds == "integer" else float(text)
        except ValueError:
            return text
    return {"true": True, "false": False}.get(text, text) if kinds == "boolean" else text


def _absolute(schema: Any) -> Any:
    """Point a schema's own references into the document."""
    if isinstance(schema, dict):
        return {
            key: f"{DOCUMENT}{value}" if key == "$ref" and isinstance(value, str) else _absolute(value)
            for key, value in schema.items()
        }
    return [_absolute(one) for one in schema] if isinstance(schema, list) else schema


def _format_checker() -> Any:
    """Take the validator's own formats and add `uri`, which it does not check."""
    checker = type(oas30_format_checker)(formats=())
    checker.checkers = dict(oas30_format_checker.checkers)

    def is_uri(value: object) -> bool:
        if not isinstance(value, str):
            return True
        parts = urlsplit(value)
        return bool(parts.scheme and parts.netloc) and not re.search(r"[\s<>{}]", value)

    checker.checks("uri")(is_uri)
    return checker
