"""Makes a new skill of the template: one that reads an issue, passes the check, and has a scenario that runs."""

import re
from importlib.resources import files
from pathlib import Path

from agent_engine.skills.format import DEFAULT_MODEL

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
FILLED = ("SKILL.md", "scenarios/success.yaml")
PLAIN = ("input.schema.json", "output.schema.json")


def make_skill(name: str, folder: Path) -> Path:
    """Write the files of a new skill into a folder of its own, and return it.

    Raises:
        ValueError: the name is none, or something of that name is there already.
    """
    if not NAME.fullmatch(name) or len(name) > 64:
        raise ValueError(f"NAME={name!r} is not usable: lower-case letters and digits with single hyphens, at most 64")
    place = folder / name
    template = files("agent_engine.skills") / "template"
    try:
        place.mkdir(parents=True)
    except FileExistsError:
        raise ValueError(f"{place} is there already: give another name, or remove it") from None
    (place / "scenarios").mkdir()
    for path in FILLED:
        text = (template / path).read_text(encoding="utf-8").format(name=name, model=DEFAULT_MODEL)
        (place / path).write_text(text, encoding="utf-8")
    for path in PLAIN:
        (place / path).write_text((template / path).read_text(encoding="utf-8"), encoding="utf-8")
    return place
