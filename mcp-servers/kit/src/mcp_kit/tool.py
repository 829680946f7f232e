"""Tools as data: the decorator that declares one, the arguments it takes and the compact schema a client sees."""

import inspect
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, get_args, get_type_hints

from agent_vendors import ResourceKind
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from service_kit.untrusted_text import clean_line

from mcp_kit.arguments import MOST_CHARACTERS, MOST_DIGITS, as_meant, holds_huge_number, odd_booleans
from mcp_kit.errors import WrongArguments
from mcp_kit.peers import NO_PEERS, Peers

if TYPE_CHECKING:
    from mcp_kit.reply import Reply

MARK = "__mcp_kit_tool__"
NOT_SHOWN = frozenset({"title", "minLength", "maxLength", "maxItems", "minimum", "propertyNames"})
"""Parts of a schema that clients are not shown: the checks hold all the same, and say so when they are broken."""
UNLISTED = "unlisted"
Unlisted = Field(json_schema_extra={UNLISTED: True})
"""Marks an argument that clients are not shown: callers that know it from another server may give it."""
CURSOR = "cursor"
DEFAULT_TIMEOUT_SECONDS = 60.0

Cursor = Annotated[str | None, Field(description="next_cursor of the last reply", max_length=2000)]
"""The argument by which a call goes on where the last reply ended; the kit reads it, tools do not."""
Limit = Annotated[int, Field(ge=1, le=100)]
Detail = Annotated[Literal["brief", "compact", "full"], Field(description="brief: titles; full: whole texts")]


@dataclass(frozen=True)
class Resource:
    """Marks an argument that names resources; the kit checks each against the caller's grant before the tool runs.

    Attributes:
        kind: of the vendor's record; it says how names are compared with a grant's.
        names: returns the name or names that the argument's value holds, where it is no name itself: inside a key
            (`PROJ-7` belongs to the project `PROJ`), or below a body. A value in which it finds none is refused.
    """

    kind: ResourceKind
    names: Callable[[Any], Any] = lambda value: value

    def names_in(self, value: Any) -> list[str]:
        """Return the names that a value holds; none where it does not have the form in which they are found."""
        try:
            found = self.names(value)
        except (AttributeError, LookupError, TypeError, ValueError):
            return []
        names = [found] if isinstance(found, str) else found
        return names if isinstance(names, list) and all(isinstance(name, str) for name in names) else []


@dataclass(frozen=True)
class ToolSpec:
    """A tool: its name and description, its arguments, its hints, and the function that does it."""

    name: str
    description: str
    toolset: str
    writes: bool
    destructive: bool
    danger: bool
    idempotent: bool
    timeout: float
    checks: bool
    arguments: type[BaseModel]
    resources: Mapping[str, Resource]
    run: Callable[..., Awaitable["Reply"]]

    @property
    def grant_checkable(self) -> bool:
        """Whether the server can check a grant alone: an argument that must be given names what the tool touches."""
        return self.checks or any(self.arguments.model_fields[name].is_required() for name in self.resources)

    @property
    def annotations(self) -> dict[str, bool]:
        """The four hints for clients."""
        return {
            "readOnlyHint": not self.writes,
            "destructiveHint": self.destructive,
            "idempotentHint": self.idempotent,
            "openWorldHint": True,
        }

    def schema(self) -> dict[str, Any]:
        """Return the arguments' JSON Schema, without what costs tokens and tells a model nothing."""
        return deepcopy(_compact(self.arguments))

    def parse(self, arguments: Mapping[str, Any], peers: Peers = NO_PEERS) -> dict[str, Any]:
        """Return a call's arguments as the function takes them; WrongArguments names each that does not fit."""
        fields = self.arguments.model_fields
        meant = as_meant(arguments, fields, peers)
        faults = [f"{name}: a number is asked for, not true or false" for name in odd_booleans(meant, fields)]
        try:
            parsed = self.arguments.model_validate(meant)
        except ValidationError as error:
            faults += [
                f"{clean_line('.'.join(map(str, item['loc'])) or 'arguments', 60)}: {self._fault(item, peers)}"
                for item in error.errors(include_url=False, include_context=False)[:5]
            ]
        else:
            faults += [
                f"{name}: a number of at most {MOST_DIGITS} digits is asked for"
                for name in fields
                if holds_huge_number(getattr(parsed, name))
            ]
        if faults:
            raise WrongArguments(
                f"{self.name} was not called: {'; '.join(faults)}", next_step="Correct the arguments and call it again."
            )
        return {name: getattr(parsed, name) for name in fields}

    def _fault(self, item: ErrorDetails, peers: Peers) -> str:
        name, fields = str(item["loc"][0]) if item["loc"] else "", self.arguments.model_fields
        instead = peers.instead(self.name, name, item["input"], fields)
        if item["type"] == "extra_forbidden" and len(item["loc"]) == 1:
            return instead or f"there is no such argument, only {', '.join(self.schema()['properties'])}"
        if item["type"] == "missing" and len(item["loc"]) == 1 and fields[name].description:
            return f"{item['msg']} ({fields[name].description})"
        if item["type"] == "literal_error" and instead:
            return f"{item['msg']}; {instead}"
        if item["type"] in ("too_long", "too_short") and isinstance(item["input"], str):
            return item["msg"].replace(" item", " character")
        return item["msg"].removeprefix("Value error, ")

    def touched(self, arguments: Mapping[str, Any]) -> Iterator[tuple[str, ResourceKind, list[str]]]:
        """Yield each given argument that names resources, with their kind and their names."""
        for argument, resource in self.resources.items():
            if (value := arguments[argument]) is not None:
                yield argument, resource.kind, resource.names_in(value)


F = TypeVar("F", bound=Callable[..., Awaitable["Reply"]])


def tool(
    toolset: str,
    *,
    writes: bool = False,
    destructive: bool = False,
    danger: bool = False,
    idempotent: bool | None = None,
    timeout: float = DEFAULT_TIMEOUT_SECONDS,
    checks: bool = False,
) -> Callable[[F], F]:
    """Declare a method as a tool; its name and docstring become the tool's name and description.

    Args:
        toolset: the set by which operators switch it on and off.
        writes: whether it changes anything at the vendor; read-only operation hides it then.
        destructive: whether what it changes may be lost.
        danger: as the vendor's record says: only an operator who names it, or a grant, switches it on.
        idempotent: whether a repeat changes nothing more; reads always are.
        timeout: seconds until a call is given up.
        checks: whether it checks its caller's grant itself, by `call.caller.may_touch`, or touches nothing: no argument
            of it that must be given is a `Resource`.
    """

    def declare(function: F) -> F:
        declared = partial(
            ToolSpec,
            toolset=toolset,
            writes=writes,
            destructive=destructive or danger,
            danger=danger,
            idempotent=not writes if idempotent is None else idempotent,
            timeout=timeout,
            checks=checks,
        )
        setattr(function, MARK, declared)
        return function

    return declare


def collect(*owners: object) -> list[ToolSpec]:
    """Return the tools declared on these objects, in the order in which they are written."""
    return [
        _made(getattr(owner, name), _arguments_of(member))
        for owner in owners
        for name, member in vars(type(owner)).items()
        if hasattr(member, MARK)
    ]


def _made(function: Callable[..., Awaitable["Reply"]], arguments: type[BaseModel]) -> ToolSpec:
    declared: Callable[..., ToolSpec] = getattr(function, MARK)
    return declared(
        name=function.__name__,
        description=" ".join((inspect.getdoc(function) or "").split()),
        arguments=arguments,
        resources={name: mark for name, field in arguments.model_fields.items() for mark in _marks(field)},
        run=function,
    )


@cache
def _arguments_of(function: Callable[..., Awaitable["Reply"]]) -> type[BaseModel]:
    """Return the model of a tool's arguments, made once: a server with all its tools takes long to make them."""
    hints = get_type_hints(function, include_extras=True)
    parameters = list(inspect.signature(function).parameters.values())[2:]  # after `self` and the `Call`
    fields: dict[str, Any] = {
        item.name: (hints[item.name], ... if item.default is inspect.Parameter.empty else item.default)
        for item in parameters
    }
    strict = ConfigDict(extra="forbid", str_max_length=MOST_CHARACTERS, allow_inf_nan=False)
    return create_model(f"{function.__name__}_arguments", __config__=strict, **fields)


def _marks(field: FieldInfo) -> Iterator[Resource]:
    """Yield the marks of an argument, also where it is one of several types: a mark inside is no less meant."""
    inner = [mark for part in get_args(field.annotation) for mark in getattr(part, "__metadata__", ())]
    yield from (mark for mark in [*inner, *field.metadata] if isinstance(mark, Resource))


@cache
def _compact(arguments: type[BaseModel]) -> dict[str, Any]:
    schema = arguments.model_json_schema()
    return _object(schema, schema.get("$defs", {}))


def _object(schema: dict[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    shown = {name: value for name, value in schema.get("properties", {}).items() if not value.get(UNLISTED)}
    properties = {name: _property(value, shared) for name, value in shown.items()}
    compact: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    if schema.get("required"):
        compact["required"] = schema["required"]
    return compact


def _property(value: dict[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is shown of an argument; what pydantic keeps apart stands in its place, as clients read it."""
    kept = {key: item for key, item in value.items() if key not in NOT_SHOWN and (key != "default" or item is not None)}
    if "$ref" in kept:
        return _object(shared[kept.pop("$ref").rpartition("/")[2]], shared) | kept
    choices: Sequence[dict[str, Any]] = kept.get("anyOf", ())
    real = [choice for choice in choices if choice != {"type": "null"}]
    if len(real) == 1:
        kept.pop("anyOf")
        kept = {**_property(real[0], shared), **kept}
    elif real:
        kept["anyOf"] = [_property(choice, shared) for choice in choices]
    for inner in ("items", "additionalProperties"):
        if isinstance(kept.get(inner), dict):
            kept[inner] = _property(kept[inner], shared)
    return kept
