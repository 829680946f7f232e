"""Reads a task as a foreign caller sends it: bytes in, a `Task` or the reason why not."""

from agent_contracts import Task
from agent_contracts.task import MAX_INPUT_BYTES, holds_nul
from pydantic import ValidationError
from service_kit.json_text import read_json
from service_kit.validation_errors import field_errors

from agent_ledger.errors import InvalidTask
from agent_ledger.json_encoding import SET_BY_THE_DOOR

MAX_TASK_BYTES = MAX_INPUT_BYTES
MAX_FAULTS_SHOWN = 5
MAX_PLACE_SHOWN = 200
DERIVED_VERSION = 5


def read_task(raw: bytes) -> Task:
    """Read a caller's task.

    Raises:
        InvalidTask: it is too large, no UTF-8, no JSON, holds a NUL, a key twice or a number that JSON cannot say, or
            has a field that is unknown, wrong or the door's to set; each is named.
    """
    if len(raw) > MAX_TASK_BYTES:
        raise InvalidTask(
            "size", f"the task is {len(raw)} bytes, more than {MAX_TASK_BYTES}: pass a reference to its input instead"
        )
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidTask("encoding", f"the task is not UTF-8: byte {error.start} is {raw[error.start]:#04x}") from None
    if "\x00" in text or holds_nul(text):
        raise InvalidTask("nul", "the task holds a NUL character, which cannot be stored: remove it")
    try:
        task = Task.model_validate_json(text)
    except ValidationError as error:
        raise _explained(error) from None
    try:
        read_json(text)
    except ValueError as error:
        raise InvalidTask("json", f"the task is not JSON as it should be: {error}") from None
    own = sorted(SET_BY_THE_DOOR & task.model_fields_set)
    if own:
        raise InvalidTask("field", f"{', '.join(own)}: set by the door, never by the caller: leave it out")
    if task.id is not None and task.id.version == DERIVED_VERSION:
        raise InvalidTask("field", f"id {task.id} is a UUIDv5, kept for derived ids: send a UUIDv7, or none")
    return task


def _explained(error: ValidationError) -> InvalidTask:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return InvalidTask("json", f"the task is not JSON: {first['msg'].removeprefix('Invalid JSON: ')}")
    faults = field_errors(error, Task)
    lines = [f"{fault.place[:MAX_PLACE_SHOWN] or 'task'}: {fault.words}" for fault in faults[:MAX_FAULTS_SHOWN]]
    if len(faults) > MAX_FAULTS_SHOWN:
        lines.append(f"and {len(faults) - MAX_FAULTS_SHOWN} more")
    return InvalidTask("field", "; ".join(lines))
