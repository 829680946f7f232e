"""Makes docs/configuration.md of the settings, and its table of ports of the vendors' records."""

from collections.abc import Callable, Iterable
from typing import get_args

from agent_engine.settings import ControlAccess, KeyFiles, SubmitAccess
from agent_vendors import Vendor
from house.option_check import settings_of
from house.paths import ports_of, variable_of
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from service_kit.errors import ConfigError
from service_kit.settings import Settings, variables

HEAD = """\
# Configuration

Every process reads its own variables from its environment and nothing else; a missing or wrong one is named at start,
with its remedy. This page is made from the settings (`make generate`), and a
check holds it to them. Besides these, `access.yaml` says who may do what, `triggers.yaml` which webhooks become tasks.

`make up` chooses most values itself. Any variable of a process is set there by the process's name, two underscores and
the variable, as in `make up CONTROL__ALLOWED_HOSTS=agents.example.com` or `make up WORKER__WORKER_POLL_SECONDS=0.5`.
"""


class MissingPackage(Exception):
    """A vendor's record names a process whose package is not installed, or has not its settings."""


def rendered(vendors: Iterable[Vendor]) -> str:
    """Return the whole page.

    Raises:
        MissingPackage: a record names a server, a gateway or a stand-in that no package brings.
    """
    listed = tuple(vendors)
    settings = settings_of(listed)
    for vendor in listed:
        for process in (vendor.api, vendor.mcp, vendor.stand_in):
            if process in settings:
                _check(vendor, settings[process])
    sections = "".join(_section(process, found()) for process, found in _processes(listed).items())
    return HEAD + _ports(listed) + sections


def _processes(vendors: tuple[Vendor, ...]) -> dict[str, Callable[[], type[Settings]]]:
    settings = settings_of(vendors)
    return {
        "control-api": settings["control"],
        **{vendor.api: settings[vendor.api] for vendor in vendors if vendor.has_gateway},
        "model-api": settings["model-api"],
        **{vendor.mcp: settings[vendor.mcp] for vendor in vendors},
        "agent-engine worker": settings["worker"],
        "agent-engine enqueue, run, retry and proposals": lambda: SubmitAccess,
        "agent-engine triggers": lambda: ControlAccess,
        "agent-engine keys": lambda: KeyFiles,
        "agent-stores": settings["stores"],
    }


def _check(vendor: Vendor, settings: Callable[[], type[Settings]]) -> None:
    try:
        settings()
    except (ConfigError, ImportError, AttributeError) as error:
        raise MissingPackage(
            f"the record of the vendor {vendor.name!r} has no package to it: {error}. Make its server, gateway and "
            "stand-in, then `make generate`"
        ) from None


def _ports(vendors: tuple[Vendor, ...]) -> str:
    rows = "".join(f"| {name} | `{port}` | `{variable_of(name)}` |\n" for name, port in ports_of(vendors).items())
    head = "\n## Ports\n\nWith `make up` these processes listen on 127.0.0.1.\n\n"
    return f"{head}| process | port | moved by |\n|---|---|---|\n{rows}"


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
