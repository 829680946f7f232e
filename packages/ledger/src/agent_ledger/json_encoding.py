"""JSON as PostgreSQL can keep it, and the digest that says whether two tasks ask the same. Pure functions."""

import hashlib
import json
from typing import Any

from agent_contracts import Task
from agent_contracts.task import NUL, holds_nul
from pydantic import BaseModel
from pydantic_core import PydanticSerializationError

SET_BY_THE_DOOR = frozenset({"tenant", "actor", "origin"})


def storable(model: BaseModel) -> str:
    """Write a model as JSON that PostgreSQL takes: NUL and broken surrogates become U+FFFD and `?`."""
    try:
        text = model.model_dump_json()
    except PydanticSerializationError:
        text = _plain(model.model_dump(mode="json")).encode("utf-8", "replace").decode()
    while holds_nul(text):
        text = NUL.sub("\\1\ufffd", text)
    return text


def digest(task: Task) -> bytes:
    """Return the SHA-256 of what the caller asked; equal for equal requests in any order of keys.

    Left out are the id and what the door sets. Fields at their default count as absent, so that a field added later
    changes no digest.
    """
    asked = task.model_dump(mode="json", exclude={"id", *SET_BY_THE_DOOR}, exclude_defaults=True)
    return hashlib.sha256(_plain(asked, sort_keys=True).encode("utf-8", "replace")).digest()


def _plain(value: Any, *, sort_keys: bool = False) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=sort_keys, separators=(",", ":"), default=str)
