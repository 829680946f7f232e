"""Reads YAML with the line of each entry, so that an error can name it."""

from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from service_kit.errors import ConfigError
from service_kit.validation_errors import UNKNOWN, fields_at, nearest, refused_values

M = TypeVar("M", bound=BaseModel)
Place = Sequence[str | int]
LineError = tuple[int, str]
"""A line number, and what is wrong in that line."""


class LinedYaml:
    """A YAML file, or YAML as text, with the line of each entry.

    `repeated_keys` are those that are given twice in one mapping. YAML itself would silently keep the last.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not YAML; says in which line.
    """

    def __init__(self, source: Path | str) -> None:
        try:
            loader = yaml.CSafeLoader(source.read_text("utf-8") if isinstance(source, Path) else source)
            self._node = loader.get_single_node()
            self.repeated_keys: list[LineError] = list(_repeated_keys(self._node, set()))
            self.content: Any = None if self._node is None else loader.construct_document(self._node)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise ValueError(f"line {mark.line + 1}: {error.problem}" if mark else str(error)) from None
        except RecursionError:
            raise ValueError("it is nested too deep") from None
        except yaml.YAMLError as error:
            raise ValueError(" ".join(str(error).split())) from None

    def at(self, place: Place, text: str) -> LineError:
        """Return a message about an entry, with its line."""
        return self.line(place), f"{'.'.join(map(str, place))}: {text}"

    def line(self, place: Place) -> int:
        """Return the line of a key or item; for one that is missing, the line of the entry that lacks it."""
        node, line = self._node, 1
        for part in place:
            if isinstance(node, yaml.MappingNode):
                pair = next((pair for pair in reversed(node.value) if pair[0].value == str(part)), None)
                if pair is None:
                    break
                line, node = pair[0].start_mark.line + 1, pair[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
                node = node.value[part]
                line = node.start_mark.line + 1
            else:
                break
        return line


def read_yaml(text: str) -> Any:
    """Read YAML in which no mapping gives a key twice.

    Raises:
        ValueError: it is not YAML, or gives a key twice; says in which line.
    """
    lined = LinedYaml(text)
    if lined.repeated_keys:
        raise ValueError(in_order(lined.repeated_keys))
    return lined.content


def read_checked(
    path: Path, model: type[M], *, variable: str, prepare: Callable[[dict[str, Any]], dict[str, Any]] = dict
) -> M:
    """Read a YAML file of the operator's and validate it by a model. An empty file is an empty mapping.

    `variable` names the file. `prepare` changes the mapping before it is validated, and moves no entry.

    Raises:
        FileNotFoundError: there is no such file.
        ConfigError: it cannot be read, is not YAML, gives a key twice, or has wrong entries; names each with its line.
    """
    file = f"{variable}={path}"
    try:
        lined = LinedYaml(path)
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file} cannot be read: {error}") from None
    content = {} if lined.content is None else lined.content
    if not isinstance(content, dict):
        raise ConfigError(f"{file} must hold a mapping with {', '.join(model.model_fields)}")
    wrong = lined.repeated_keys
    try:
        made = model.model_validate(prepare(content))
    except ValidationError as error:
        raise ConfigError(f"{file}: {in_order([*wrong, *line_errors(model, lined, error)])}") from None
    if wrong:
        raise ConfigError(f"{file}: {in_order(wrong)}")
    return made


def line_errors(model: type[BaseModel], lined: LinedYaml, error: ValidationError) -> list[LineError]:
    """Return all that pydantic refused, with lines, and for an unknown key the nearest known one."""
    found = []
    for one in refused_values(error, model):
        if one.kind == UNKNOWN:
            known = [name for name in fields_at(model, one.place[:-1]) if name != "name"]
            near = nearest(str(one.place[-1]), known) or f": there are {', '.join(known)}"
            found.append(lined.at(one.place, f"this key is not known{near}"))
        else:
            found.append(lined.at(one.place, one.message))
    return found


def in_order(found: Collection[LineError]) -> str:
    """Return errors as one text, in the order of their lines."""
    return "; ".join(f"line {line}: {text}" for line, text in sorted(found))


def _repeated_keys(node: yaml.Node | None, seen: set[int]) -> Iterator[LineError]:
    if node is None or id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _repeated_keys(item, seen)
    elif isinstance(node, yaml.MappingNode):
        names: set[str] = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in names:
                    yield key.start_mark.line + 1, f"{key.value}: this key is given twice: keep one"
                names.add(key.value)
            yield from _repeated_keys(value, seen)
