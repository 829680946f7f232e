"""Writes skills for tests: a whole good one, with what the test wants otherwise."""

import json
import re
from pathlib import Path
from typing import Any

import yaml
from agent_engine.skills.format import Skill
from agent_engine.skills.load import read_skill
from agent_vendors import load

INPUT_SCHEMA = {
    "type": "object",
    "properties": {"repository": {"type": "string"}, "issue": {"type": "integer"}, "do": {"type": "string"}},
    "required": ["repository"],
}
OUTPUT_SCHEMA = {"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"]}
VENDORS = {vendor.name: vendor for vendor in load()}
GRANT = {
    "github": {
        "tools": ["issue_read", "list_labels", "issue_write"],
        "resources": {"repositories": ["${input.repository}"]},
        "mode": "write",
        "limits": {"issue_write": 3},
    }
}
METADATA: dict[str, str] = {
    "engine": "claude",
    "model": "claude-sonnet-5-5",
    "servers": "github",
    "required-tools": "github/issue_read",
    "required-effects": "github/issue_write",
    "input-schema": "input.schema.json",
    "output-schema": "output.schema.json",
}
PAGE = (Path(__file__).resolve().parents[3] / "docs" / "skills.md").read_text(encoding="utf-8")
PAGE_FILES = ("SKILL.md", "input.schema.json", "output.schema.json", "scenarios/success.yaml")


def write_example(folder: Path) -> Path:
    """Write the skill that the page on skills shows, file by file."""
    place = folder / "label-check"
    (place / "scenarios").mkdir(parents=True)
    blocks = re.findall(r"```(?:yaml|json)\n(.*?)```", PAGE, re.DOTALL)
    for name, block in zip(PAGE_FILES, blocks, strict=True):
        (place / name).write_text(block, encoding="utf-8")
    return place


def write_skill(
    folder: Path,
    name: str = "look",
    *,
    grant: Any = GRANT,
    front: dict[str, Any] | None = None,
    body: str = "# Look\n\nLook at the issue.",
    output_schema: object = OUTPUT_SCHEMA,
    files: dict[str, str] | None = None,
    **metadata: str | None,
) -> Path:
    """Write a skill's folder; `required_tools="..."` sets metadata, None leaves it out."""
    place = folder / name
    place.mkdir(parents=True)
    settings: dict[str, Any] = {**METADATA, "grant": grant if isinstance(grant, str) else yaml.safe_dump(grant)}
    for key, value in metadata.items():
        settings[key.replace("_", "-")] = value
    settings = {key: value for key, value in settings.items() if value is not None}
    whole = {"name": name, "description": "Looks at one issue.", "metadata": settings, **(front or {})}
    text = yaml.safe_dump({key: value for key, value in whole.items() if value is not None}, sort_keys=False)
    (place / "SKILL.md").write_text(f"---\n{text}---\n\n{body}\n", encoding="utf-8")
    (place / "input.schema.json").write_text(json.dumps(INPUT_SCHEMA))
    (place / "output.schema.json").write_text(json.dumps(output_schema))
    for file_name, content in (files or {}).items():
        (place / file_name).write_text(content)
    return place


def make_skill(folder: Path, name: str = "look", **how: Any) -> Skill:
    """Write a skill and read it."""
    return read_skill(write_skill(folder, name, **how))
