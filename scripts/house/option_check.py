"""Checks what the operator set on single processes, as in CONTROL__ALLOWED_HOSTS: known names, usable values."""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from importlib import import_module

from service_kit.errors import ConfigError
from service_kit.settings import ServedSettings, Settings, load, variables

from house.processes import OPTIONS, PASSED_ON, Process, prefix_of
from house.vendors import VENDORS

SETTINGS = {
    "control": "control_api.variables:ControlVariables",
    **{vendor.api: f"{vendor.name}_api.settings:{vendor.title}ApiSettings" for vendor in VENDORS},
    "model-api": "model_api.settings:ModelSettings",
    **{vendor.mcp: f"{vendor.name}_mcp.settings:{vendor.title}Settings" for vendor in VENDORS},
    "worker": "agent_engine.settings:WorkerSettings",
    "stores": "agent_stores.settings:StoresSettings",
    **{vendor.stand_in: f"stand_ins.{vendor.name}.__main__:{vendor.title}Settings" for vendor in VENDORS},
    "stand-in-model": "stand_ins.model.__main__:ModelSettings",
}
HELD = {
    "control": ("PORT",),
    **{vendor.api: ("PORT",) for vendor in VENDORS},
    "model-api": ("PORT",),
    **{vendor.mcp: ("PORT", "MCP_SERVER_TRANSPORT") for vendor in VENDORS},
    "worker": ("WORKER_HTTP",),
    "stores": ("STORES_DIR", "POSTGRES_PORT", "REDIS_PORT"),
    **{vendor.stand_in: ("PORT",) for vendor in VENDORS},
    "stand-in-model": ("PORT",),
}
"""What the house itself says on each command line, which goes before a variable."""
FORM = re.compile(r"([A-Za-z][A-Za-z0-9_-]*?)__([A-Za-z0-9_]+)")
NEAR = 0.75
"""How like a process's prefix another must be to be taken for a slip: others' variables have this form too."""


def settings_at(paths: str) -> type[Settings]:
    """Import settings by `module:class`, only when they are asked for: some are slow to import."""
    module, _, name = paths.partition(":")
    found: type[Settings] = getattr(import_module(module), name)
    return found


def check_names(environ: Mapping[str, str]) -> None:
    """Refuse a `PROCESS__VARIABLE` that would set nothing.

    Raises:
        ConfigError: no process has that name, or it does not read that variable; names the nearest that are known.
    """
    prefixes = {prefix_of(process).removesuffix("__"): process for process in SETTINGS}
    for variable in sorted(environ):
        match = FORM.fullmatch(variable)
        if match is None:
            continue
        prefix, name = match[1], match[2]
        if prefix in prefixes:
            known = _known(prefixes[prefix])
            if name not in known:
                near = [f"{prefix}__{other}" for other in get_close_matches(name.upper(), known, cutoff=0.4)]
                why = f"{prefixes[prefix]} reads no {name}"
                if name in HELD[prefixes[prefix]]:
                    why = f"the house itself sets {name} (ports by PORT_OFFSET or CONTROL_PORT and its like)"
                raise _unknown(variable, why, near)
            continue
        near = [f"{other}__{name.upper()}" for other in get_close_matches(prefix.upper(), prefixes, cutoff=NEAR)]
        if near or f" {variable}=" in " " + environ.get("MAKEFLAGS", ""):
            known_prefixes = [f"{other}__" for other in sorted(prefixes)]
            raise _unknown(variable, f"no process has the prefix {prefix}__", near or known_prefixes)


def check_values(processes: Iterable[Process], environ: Mapping[str, str]) -> None:
    """Read the settings of each process that the operator set something on, as it will itself, and LOG_LEVEL for all.

    Raises:
        ConfigError: a value is not usable.
    """
    if environ.get("LOG_LEVEL"):
        load(ServedSettings, {"LOG_LEVEL": environ["LOG_LEVEL"]})
    for process in processes:
        given = [name for name in environ if name.startswith(prefix_of(process.name))]
        given += [name for name in OPTIONS.get(process.name, ()) if environ.get(name)]
        if not given:
            continue
        try:
            load(settings_at(SETTINGS[process.name]), process.env)
        except ConfigError as error:
            raise ConfigError(f"{process.name} cannot start with {', '.join(sorted(given))}: {error}") from None


def _known(process: str) -> set[str]:
    read = {name for field in settings_at(SETTINGS[process]).model_fields.items() for name in variables(*field)}
    return (read | {*OPTIONS.get(process, ()), *PASSED_ON}) - {*HELD[process]}


def _unknown(variable: str, why: str, near: list[str]) -> ConfigError:
    nearest = f" The nearest known: {', '.join(near)}." if near else ""
    return ConfigError(f"{variable} would set nothing: {why}.{nearest} docs/configuration.md lists them all")
