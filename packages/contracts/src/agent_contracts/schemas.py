"""Writes the JSON Schemas of the wire format, one file a model: `python -m agent_contracts.schemas docs/schemas`."""

import json
import sys
from pathlib import Path

from pydantic import BaseModel

from agent_contracts.event import TaskEvent
from agent_contracts.grant import Grant
from agent_contracts.result import TaskResult
from agent_contracts.task import Task

MODELS: dict[str, type[BaseModel]] = {
    "grant": Grant,
    "task": Task,
    "task-event": TaskEvent,
    "task-result": TaskResult,
}


def rendered() -> dict[str, str]:
    """Return each schema's file name and text, with keys in a fixed order."""
    return {
        f"{name}.schema.json": json.dumps(model.model_json_schema(), indent=2, sort_keys=True) + "\n"
        for name, model in MODELS.items()
    }


def main(folder: Path) -> None:
    """Write every schema into the folder, which is made if it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in rendered().items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
