"""Fails when docs/configuration.md is not what the settings say; `--write` makes it so."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import get_args

from agent_engine.settings import ControlAccess, KeyFiles, SubmitAccess
from agent_vendors import load
from house.option_check import settings_of
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from service_kit.errors import ConfigError
from service_kit.settings import Settings, variables

PAGE = Path(__file__).resolve().parents[1] / "docs/configuration.md"
VENDORS = load()
SETTINGS = settings_of(VENDORS)
PROCESSES: dict[str, Callable[[], type[Settings]]] = {
    "control-api": SETTINGS["control"],
    **{vendor.api: SETTINGS[vendor.api] for vendor in VENDORS if vendor.has_gateway},
    "model-api": SETTINGS["model-api"],
    **{vendor.mcp: SETTINGS[vendor.mcp] for vendor in VENDORS},
    "agent-engine worker": SETTINGS["worker"],
    "agent-engine enqueue, run, retry and proposals": lambda: SubmitAccess,
    "agent-engine triggers": lambda: ControlAccess,
    "agent-engine keys": lambda: KeyFiles,
    "agent-stores": SETTINGS["stores"],
}
HEAD = """\
# Configuration

Every process reads its own variables from its environment and nothing else; a missing or wrong one is named at start,
with its remedy. This page is made from the settings (`make generate`), and a
check holds it to them. Besides these, `access.yaml` says who may do what, `triggers.yaml` which webhooks become tasks.

`make up` chooses most values itself. Any variable of a process is set there by the process's name, two underscores and
the variable, as in `make up CONTROL__ALLOWED_HOSTS=agents.example.com` or `make up WORKER__WORKER_POLL_SECONDS=0.5`.
"""


def rendered() -> str:
    """Give the whole page."""
    return HEAD + "".join(_section(process, settings()) for process, settings in PROCESSES.items())


def _section(process: str, settings: type[Settings]) -> str:
    rows = "".join(_row(name, field) for name, field in settings.model_fields.items())
    return f"\n## {process}\n\n| variable | default | meaning |\n|---|---|---|\n{rows}"


def _row(name: str, field: FieldInfo) -> str:
    names = " or ".join(f"`{variable}`" for variable in variables(name, field))
    return f"| {names} | {_default(field)} | {field.description or ''} |\n".replace("  ", " ")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or value is PydanticUndefined or value in ("", [], (), {}):
        return "none" if type(None) in get_args(field.annotation) or value is None else "empty"
    return f"`{value}`"


def main() -> int:
    """Compare, or write."""
    try:
        text = rendered()
    except (ConfigError, ModuleNotFoundError, AttributeError) as error:
        print(f"{error}: a vendor's record names a gateway and a server; make both packages, then `uv lock`, `uv sync`")
        return 1
    if "--write" in sys.argv:
        PAGE.write_text(text)
        return 0
    if not PAGE.exists() or PAGE.read_text() != text:
        print(f"docs/{PAGE.name} is not current: run .venv/bin/python scripts/check_configuration.py --write")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
