"""Arguments made of a tool's schema: calls that it rules out, and calls that it lets through with a hostile value."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator
from mcp_kit.arguments import MOST_CHARACTERS
from mcp_kit.tool import ToolSpec

Schema = dict[str, Any]
HUGE = 10**30
HOSTILE_TEXTS = (
    *("", " ", ".", "..", "../x", "a/../b", "../../../user", "/", "//evil.example/x", "a//b", "https://evil.example/x"),
    *("a%2f..%2fb", "%2e%2e%2f%2e%2e", "%252e%252e", "a\\..\\b", "x?admin=1", "x#y", "x&per_page=1", "a;b", "x y"),
    *("x\r\ny: z", "x\ny", "a\x00b", "\x1b[2J", "\u202eevil", "\u200b", "\ufeff", "e\u0301" * 40, "\ud83d", "\udc00x"),
    *(
        "\u0661\u0662",
        "\uff11",
        "\u00b2",
        "1e3",
        "0x10",
        "-1",
        "1" * 5_000,
        "None",
        "null",
        "true",
        '{"a": 1}',
        '["a"]',
    ),
    *(
        "*",
        "a/b/c",
        "\u00e9",
        "${x}",
        "<U+002E><U+002E>",
        "<U+002F>",
        "<U+0000>",
        "<U+110000>",
        "main:x",
        "-x",
        "HEAD~1",
    ),
    *("[" * 100_000, '{"a":' * 200, "a" * 255, "\u00e9" * 4_000, "a" * 120_000, "\ufdfa" * 900, "'; drop table x;--"),
)
HOSTILE_NUMBERS = (0, -1, 1, 2**31, 2**53 + 1, 10**17, HUGE, -HUGE, 10**4_000, float("nan"), float("inf"), 1e300, 0.5)
CHARACTERS = "./\\%:?#&=@~^*\"'<>{}[]()$,;| \t\r\n\x00\x1b\x7f\x85\u2028\u202e\u200b\u0301\ud83d\U000e0041aZ0-_"
OF_ANOTHER_TYPE: tuple[Any, ...] = ("x y", 7, HUGE, 0.5, True, [], [7], [None], [["x"]], {}, {"x": 1})


@dataclass(frozen=True)
class Arguments:
    """The arguments of a tool.

    Attributes:
        spec: the tool.
        samples: values by an argument's name, or by `tool.argument`; for all others the schema is enough.
    """

    spec: ToolSpec
    samples: Mapping[str, Any]

    @cached_property
    def schemas(self) -> dict[str, Schema]:
        """The whole schema of each argument: clients are shown less."""
        whole = self.spec.arguments.model_json_schema()
        return {name: _resolved(one, whole.get("$defs", {})) for name, one in whole.get("properties", {}).items()}

    @property
    def plain(self) -> dict[str, Any]:
        """A call that the vendor answers: what must be given, and what the samples name for this tool."""
        fields = self.spec.arguments.model_fields
        named = [name for name in fields if f"{self.spec.name}.{name}" in self.samples]
        return {name: self.sample(name) for name in fields if fields[name].is_required() or name in named}

    def types(self, name: str) -> list[Schema]:
        """Return the types that an argument can have, but for null; none where the tool has no such argument."""
        return _choices(self.schemas[name]) if name in self.schemas else []

    def sample(self, name: str) -> Any:
        """Return a value that an argument can have."""
        for key in (f"{self.spec.name}.{name}", name):
            if key in self.samples:
                return self.samples[key]
        return _value(name, self.schemas[name])

    def misfits(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield calls that the schema rules out, each with the name of the argument that does not fit."""
        plain = self.plain
        for name, field in self.spec.arguments.model_fields.items():
            if field.is_required():
                yield name, {given: value for given, value in plain.items() if given != name}
                yield name, {**plain, name: None}
        for name, schema in self.schemas.items():
            for value in _misfits(name, schema):
                yield name, {**plain, name: value}
        yield "no_such", {**plain, "no_such": 1}

    @cached_property
    def hostile(self) -> st.SearchStrategy[dict[str, Any]]:
        """Calls of which one argument is hostile; the others are what they may be, or are left out."""

        def with_one(name: str) -> st.SearchStrategy[dict[str, Any]]:
            hostile = st.one_of(_hostile(self.schemas[name], self.sample(name)), _anything())
            given = {one: self._fitting(one) for one in self.plain if one != name}
            more = {one: self._fitting(one) for one in self.schemas if one != name and one not in given}
            return st.fixed_dictionaries({**given, name: hostile}, optional=more)

        if not self.schemas:
            return st.dictionaries(st.sampled_from(HOSTILE_TEXTS), _anything(), min_size=1, max_size=2)
        return st.sampled_from(sorted(self.schemas)).flatmap(with_one)

    def _fitting(self, name: str) -> st.SearchStrategy[Any]:
        choices = [value for one in _choices(self.schemas[name]) for value in one.get("enum", ())]
        return st.sampled_from([self.sample(name), *choices])


def unbounded(schema: Schema) -> bool:
    """Say whether a list or an object, at whatever depth, may have any number of items."""
    inner = [schema[key] for key in ("items", "additionalProperties") if isinstance(schema.get(key), dict)]
    inner += [*schema.get("anyOf", ()), *schema.get("properties", {}).values()]
    is_open = schema.get("type") == "array" and "maxItems" not in schema
    is_open |= isinstance(schema.get("additionalProperties"), dict) and "maxProperties" not in schema
    return is_open or any(map(unbounded, inner))


def _resolved(schema: Any, shared: Mapping[str, Any]) -> Any:
    """Put what pydantic keeps apart in its place."""
    if isinstance(schema, list):
        return [_resolved(one, shared) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _resolved(shared[schema["$ref"].rpartition("/")[2]], shared)
    return {key: _resolved(value, shared) for key, value in schema.items()}


def _choices(schema: Schema) -> list[Schema]:
    """Return the types that a value can have, but for null."""
    return [one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]


def _value(name: str, schema: Schema) -> Any:
    one = _choices(schema)[0]
    if "pattern" in one:
        raise TypeError(f"the schema of {name} has a pattern: give `ServerRecord.samples` a value that fits")
    if "enum" in one:
        return one["enum"][0]
    if one["type"] == "object":
        return {key: _value(key, value) for key, value in one.get("properties", {}).items()}
    if one["type"] == "array":
        return [_value(name, one["items"])]
    plain = {
        "string": "x" * one.get("minLength", 1),
        "integer": max(1, one.get("minimum", 1)),
        "number": 1,
        "boolean": True,
    }
    return plain[one["type"]]


def _misfits(name: str, schema: Schema) -> Iterator[Any]:
    """Yield values that the schema rules out, but for those that are told to be meant: see `as_meant`."""
    choices = _choices(schema)
    types = {one["type"] for one in choices}
    for value in OF_ANOTHER_TYPE:
        meant = (value in (7, HUGE) and name.endswith("_id")) or (value == "x y" and _takes_texts(choices))
        if not meant and not _fits(schema, value):
            yield value
    for one in choices:
        yield from (value for value in _beyond(name, one) if not (types > {one["type"]} and _fits(schema, value)))


def _takes_texts(choices: list[Schema]) -> bool:
    """Say whether a list of texts is taken: one text may stand for a list of one."""
    return any(one["type"] == "array" and one["items"].get("type") == "string" for one in choices)


def _fits(schema: Schema, value: Any) -> bool:
    return value != HUGE and Draft202012Validator(schema).is_valid(value)


def _beyond(name: str, schema: Schema) -> Iterator[Any]:
    """Yield values of the right type that are too long, too many, too large or of no known form."""
    kind = schema["type"]
    if kind == "string":
        yield from (["no-such"] if "enum" in schema else ["x" * (schema.get("maxLength", MOST_CHARACTERS) + 1)])
        if schema.get("minLength"):
            yield ""
        if "pattern" in schema:
            yield from ("no such\n", "\uff11" * 40)
    elif kind == "integer":
        yield from (schema["minimum"] - 1 if "minimum" in schema else HUGE, schema.get("maximum", 10**18) + 1)
    elif kind == "array":
        yield [_value(name, schema["items"])] * (schema.get("maxItems", 10**5) + 1)
        yield from ([] for _ in range(bool(schema.get("minItems"))))
        yield from ([value] for value in _misfits(name, schema["items"]))
    elif kind == "object":
        yield from _beyond_object(schema)


def _beyond_object(schema: Schema) -> Iterator[Any]:
    whole, inner = _value("", schema), schema.get("properties", {})
    yield from ({key: value for key, value in whole.items() if key != left} for left in schema.get("required", ()))
    yield from ({**whole, key: value} for key, one in inner.items() for value in _misfits(key, one))
    if schema.get("additionalProperties") is False:
        yield {**whole, "no_such": 1}
    elif schema.get("additionalProperties") is not True:
        yield {f"x{number}": "x" for number in range(schema.get("maxProperties", 10**5) + 1)}


def _hostile(schema: Schema, sample: Any) -> st.SearchStrategy[Any]:
    return st.one_of(*(_hostile_of(one, sample) for one in _choices(schema)))


def _hostile_of(schema: Schema, sample: Any) -> st.SearchStrategy[Any]:
    texts = st.one_of(st.sampled_from(HOSTILE_TEXTS), st.text(CHARACTERS, max_size=30))
    if schema["type"] == "string":
        return st.one_of(texts, texts.map(lambda text: f"{sample}{text}"), texts.map(lambda text: f"{text}/{sample}"))
    if schema["type"] in ("integer", "number"):
        return st.sampled_from(HOSTILE_NUMBERS)
    if schema["type"] == "array":
        return st.lists(_hostile(schema["items"], sample), max_size=3)
    if schema["type"] == "object":
        inner = {key: _hostile(one, "x") for key, one in schema.get("properties", {}).items()}
        return st.fixed_dictionaries(inner) if inner else st.dictionaries(texts, texts, max_size=3)
    return st.sampled_from(HOSTILE_NUMBERS)


def _anything() -> st.SearchStrategy[Any]:
    """Make values of any type, also nested as deep as JSON is read."""
    simple = st.one_of(st.none(), st.booleans(), st.sampled_from(HOSTILE_NUMBERS), st.sampled_from(HOSTILE_TEXTS))
    return st.one_of(simple, st.recursive(simple, lambda inner: st.lists(inner, max_size=2), max_leaves=4), _nested())


def _nested() -> st.SearchStrategy[Any]:
    def nested(levels: int) -> Any:
        value: Any = "x"
        for _ in range(levels):
            value = [value]
        return value

    return st.sampled_from((5, 90)).map(nested)
