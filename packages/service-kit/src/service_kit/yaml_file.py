"""The operator's YAML files: read strictly, checked by a model, with all errors at once and the line of each."""

import types
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from service_kit.errors import ConfigError
from service_kit.faults import reason

M = TypeVar("M", bound=BaseModel)
Place = tuple[int | str, ...]


class Wrong(NamedTuple):
    """One thing that is wrong in a file."""

    line: int
    words: str


def read_yaml_file(
    path: Path, model: type[M], *, variable: str, prepare: Callable[[dict[str, Any]], dict[str, Any]] = dict
) -> M:
    """Read a file and check it.

    Args:
        path: the file; an empty one is an empty mapping.
        model: what it must be.
        variable: which variable names the file.
        prepare: changes the mapping before it is checked, without moving anything.

    Raises:
        FileNotFoundError: it is not there.
        ConfigError: it cannot be read, is no YAML, gives a key twice, or has wrong entries: all of them, by line.
    """
    file = f"{variable}={path}"
    try:
        loader = yaml.SafeLoader(path.read_text("utf-8"))
        node = loader.get_single_node()
        document = {} if node is None else loader.construct_document(node)
    except FileNotFoundError:
        raise
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f"line {mark.line + 1}: " if mark else ""
        raise ConfigError(f"{file} is no YAML: {at}{error.problem or error.context}") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{file} cannot be read: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise ConfigError(f"{file} cannot be read: it is nested too deep") from None
    if not isinstance(document, dict):
        known = ", ".join(model.model_fields)
        raise ConfigError(f"{file} must hold a mapping with {known}")
    wrong = _doubles(node) if node is not None else []
    made = None
    try:
        made = model.model_validate(prepare(document))
    except ValidationError as error:
        wrong += [_wrong(item, model, node) for item in error.errors(include_url=False, include_input=False)]
    if wrong or made is None:
        raise ConfigError(told(file, wrong))
    return made


def told(file: str, wrong: Sequence[Wrong]) -> str:
    """Tell what is wrong in a file: on its own line where it is one thing, below each other where it is more."""
    lines = [f"line {one.line}: {one.words}" for one in sorted(wrong)]
    if len(lines) == 1:
        return f"{file}: {lines[0]}"
    return f"{file} has {len(lines)} errors:" + "".join(f"\n  {line}" for line in lines)


def _doubles(node: yaml.Node) -> list[Wrong]:
    """Find keys that are given twice: YAML's readers keep the last, and nobody sees it."""
    found: list[Wrong] = []
    nodes = [node]
    seen: set[int] = set()
    while nodes:
        one = nodes.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, yaml.MappingNode):
            lines: dict[str, int] = {}
            for key, value in one.value:
                line = key.start_mark.line + 1
                if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                    if key.value in lines:
                        found.append(Wrong(line, f"{key.value}: given in line {lines[key.value]} already"))
                    lines[key.value] = line
                nodes.append(value)
        elif isinstance(one, yaml.SequenceNode):
            nodes += one.value
    return found


def _wrong(item: ErrorDetails, model: type[BaseModel], node: yaml.Node | None) -> Wrong:
    place = item["loc"]
    words = reason(item["msg"])
    if item["type"] == "extra_forbidden":
        known = _keys_at(model, place[:-1])
        near = get_close_matches(str(place[-1]), known, n=1)
        words = f"no such key: {f'did you mean {near[0]}?' if near else 'known are ' + ', '.join(known)}"
    name = ".".join(map(str, place))
    return Wrong(_line(node, place), f"{name}: {words}" if name else words)


def _line(node: yaml.Node | None, place: Place) -> int:
    """Give the line of a place, or of the nearest that holds it."""
    line = 1 if node is None else node.start_mark.line + 1
    for part in place:
        if isinstance(node, yaml.MappingNode):
            pairs = [(key, value) for key, value in node.value if key.value == str(part)]
            if not pairs:
                return line
            line, node = pairs[-1][0].start_mark.line + 1, pairs[-1][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            return line
    return line


def _keys_at(model: type[BaseModel], place: Place) -> list[str]:
    """Name the keys that a place takes, by the model's own types."""
    kind: Any = model
    for part in place:
        kind = _plain(kind)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            field = kind.model_fields.get(str(part))
            kind = field.annotation if field else None
        else:
            kind = (get_args(kind) or (None,))[-1]
    kind = _plain(kind)
    return sorted(kind.model_fields) if isinstance(kind, type) and issubclass(kind, BaseModel) else []


def _plain(kind: Any) -> Any:
    """Take `Annotated` and `| None` off a type."""
    while True:
        origin = get_origin(kind)
        if origin is Annotated:
            kind = get_args(kind)[0]
        elif origin in (Union, types.UnionType):
            kind = next((one for one in get_args(kind) if one is not types.NoneType), None)
        else:
            return kind
