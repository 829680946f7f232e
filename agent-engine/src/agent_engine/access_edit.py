"""Edits `access.yaml` for a person: issues, narrows and revokes tokens. The file's comments and order stay."""

import fcntl
import io
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from service_kit.access import read_access
from service_kit.bearer import TokenKind, new_token, token_hash
from service_kit.errors import ConfigError
from service_kit.validation_errors import nearest

Holder = Literal["door", "person", "service"]
GROUPS: Mapping[Holder, str] = {"door": "http", "person": "people", "service": "services"}
"""Who holds a token, and where `access.yaml` lists them."""
BOUNDS: Mapping[Holder, str] = {"door": "vendors", "person": "vendors", "service": "opens"}
WIDTH = 110


@dataclass(frozen=True, kw_only=True)
class Opened:
    """What is to be written into an entry; what is None or empty is left as it stands.

    Attributes:
        vendors: for each vendor its `resources`, `tools` and `mode`, as in the file.
        skills: of a door alone.
    """

    tenant: str | None = None
    vendors: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    skills: tuple[str, ...] = ()


def issue(path: Path, holder: Holder, name: str, opened: Opened) -> str:
    """Add a new token to an entry, which is made where there is none, and return the token.

    Raises:
        ConfigError: the file cannot be read or written, or would not be usable afterwards.
    """
    kind: TokenKind = holder
    token = new_token(kind)

    def add(entries: CommentedMap) -> None:
        entry = entries.setdefault(name, CommentedMap())
        _open(entry, holder, opened)
        entry.setdefault("token_sha256", []).append(token_hash(token))

    _edit(path, holder, add)
    return token


def narrow(path: Path, holder: Holder, name: str, opened: Opened) -> None:
    """Write what an entry opens from now on, vendor by vendor; its tokens stay. Raises ConfigError as `issue`."""
    _edit(path, holder, lambda entries: _open(_entry(entries, holder, name), holder, opened))


def revoke(path: Path, holder: Holder, name: str, *, keep_newest: bool) -> int:
    """Take an entry's tokens away, but for its newest if that is to be kept, and return how many were taken.

    Raises:
        ConfigError: there is no such entry, or as `issue`.
    """
    taken = 0

    def take(entries: CommentedMap) -> None:
        nonlocal taken
        entry = _entry(entries, holder, name)
        hashes = list(entry.get("token_sha256") or [])
        kept = hashes[-1:] if keep_newest else []
        taken = len(hashes) - len(kept)
        entry["token_sha256"] = kept

    _edit(path, holder, take)
    return taken


def _entry(entries: CommentedMap, holder: Holder, name: str) -> CommentedMap:
    if name not in entries:
        near = nearest(name, list(entries)) or f": there are {', '.join(entries) or 'none'}"
        raise ConfigError(f"access.yaml has no {holder} {name!r} under {GROUPS[holder]}{near}")
    entry: CommentedMap = entries[name]
    return entry


def _open(entry: CommentedMap, holder: Holder, opened: Opened) -> None:
    if opened.tenant is not None:
        entry["tenant"] = opened.tenant
    if opened.skills:
        entry["skills"] = list(opened.skills)
    if opened.vendors:
        entry.setdefault(BOUNDS[holder], CommentedMap()).update(opened.vendors)


def _edit(path: Path, holder: Holder, change: Callable[[CommentedMap], None]) -> None:
    """Change one group of the file. It is written in place, so that a container that mounts it sees the change."""
    yaml = YAML()
    yaml.width = WIDTH
    yaml.preserve_quotes = True
    with _locked(path) as file:
        read_access(path)
        document = yaml.load(file.read()) or CommentedMap()
        entries = document.get(GROUPS[holder])
        if not entries:
            entries = document[GROUPS[holder]] = CommentedMap()
        change(entries)
        written = io.StringIO()
        yaml.dump(document, written)
        _check(path, written.getvalue())
        file.seek(0)
        file.write(written.getvalue())
        file.truncate()


@contextmanager
def _locked(path: Path) -> Iterator[io.TextIOWrapper]:
    try:
        file = path.open("r+", encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"ACCESS_FILE={path} does not exist: make it with `make init`") from None
    except OSError as error:
        raise ConfigError(f"ACCESS_FILE={path} cannot be written ({error.strerror})") from None
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def _check(path: Path, text: str) -> None:
    """Read what is about to be written as every process would."""
    descriptor, name = tempfile.mkstemp(suffix=".yaml")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        read_access(Path(name))
    except ConfigError as error:
        raise ConfigError(str(error).replace(name, str(path))) from None
    finally:
        Path(name).unlink()
