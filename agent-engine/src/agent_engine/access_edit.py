"""Edits `access.yaml` for a person: issues and revokes tokens, and changes entries. The file's comments and order stay.

The text before the last edit is kept beside it, in `access.yaml.bak`.
"""

import fcntl
import io
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from agent_contracts import Mode
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from service_kit.access import Access, access_remedy, read_access
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
        vendors: for each vendor those of its `resources`, `tools` and `mode` that change, as in the file. A vendor that
            is new in the entry has the mode `read` unless another is given.
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

    _edit(path, holder, name, add)
    return token


def change(path: Path, holder: Holder, name: str, opened: Opened) -> None:
    """Change what is given of an entry. The rest of it and its tokens stay. Raises ConfigError as `issue`."""
    _edit(path, holder, name, lambda entries: _open(_entry(entries, holder, name), holder, opened))


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

    _edit(path, holder, name, take)
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
    for vendor, given in opened.vendors.items():
        bounds = entry.setdefault(BOUNDS[holder], CommentedMap())
        bounds.setdefault(vendor, CommentedMap(mode=Mode.read.value)).update(given)


def _edit(path: Path, holder: Holder, name: str, edit: Callable[[CommentedMap], None]) -> None:
    """Edit one entry of the file. It is written in place, so that a container that mounts it sees the change.

    A process that is killed meanwhile leaves half a file: `access.yaml.bak`, written first, has the text before.
    """
    yaml = YAML()
    yaml.width = WIDTH
    yaml.preserve_quotes = True
    with _locked(path) as file:
        others = _others(read_access(path), holder, name)
        before = file.read()
        document = yaml.load(before) or CommentedMap()
        entries = document.get(GROUPS[holder])
        if not entries:
            entries = document[GROUPS[holder]] = CommentedMap()
        edit(entries)
        written = io.StringIO()
        yaml.dump(document, written)
        if _others(_check(path, written.getvalue()), holder, name) != others:
            raise ConfigError(
                f"{holder} {name} shares a part with others by a YAML alias: give it lines of its own first"
            )
        _back_up(path, before)
        file.seek(0)
        file.write(written.getvalue())
        file.truncate()


@contextmanager
def _locked(path: Path) -> Iterator[io.TextIOWrapper]:
    try:
        file = path.open("r+", encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"ACCESS_FILE={path} does not exist: {access_remedy()}") from None
    except OSError as error:
        raise ConfigError(f"ACCESS_FILE={path} cannot be written ({error.strerror})") from None
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def _back_up(path: Path, text: str) -> None:
    backup = path.with_name(f"{path.name}.bak")
    try:
        backup.touch(mode=0o600)
        backup.chmod(0o600)  # where it was there before
        backup.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{backup} cannot be written ({error.strerror}), so nothing was changed") from None


def _others(access: Access, holder: Holder, name: str) -> dict[str, Any]:
    """Return all that the file says but for one entry."""
    return access.model_dump(exclude={GROUPS[holder]: {name}})


def _check(path: Path, text: str) -> Access:
    """Read what is about to be written as every process would."""
    descriptor, name = tempfile.mkstemp(suffix=".yaml")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        return read_access(Path(name))
    except ConfigError as error:
        raise ConfigError(str(error).replace(name, str(path))) from None
    finally:
        Path(name).unlink()
