"""Checks what the operator set on single processes, as in CONTROL__ALLOWED_HOSTS: known names, usable values."""

import re
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from functools import partial
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec

from agent_vendors import Vendor
from service_kit.errors import ConfigError
from service_kit.settings import ServedSettings, Settings, load, variables

from house.processes import PASSED_ON, Process, options_of, prefix_of

FORM = re.compile(r"([A-Za-z][A-Za-z0-9_-]*?)__([A-Za-z0-9_]+)")
NEAR = 0.75
"""How like a process's prefix another must be to be taken for a slip: others' variables have this form too."""


def settings_of(vendors: Iterable[Vendor]) -> dict[str, Callable[[], type[Settings]]]:
    """Give what imports each process's settings: only when they are asked for, as some are slow to import."""
    listed = tuple(vendors)
    return {
        "control": _control,
        **{one.api: partial(_beside, one.api, f"{_class_of(one)}Api") for one in listed if one.has_gateway},
        "model-api": partial(_at, "model_api.settings:ModelSettings"),
        **{one.mcp: partial(_beside, one.mcp, _class_of(one)) for one in listed},
        "worker": partial(_worker, listed),
        "stores": partial(_at, "agent_stores.settings:StoresSettings"),
        **{one.stand_in: partial(_beside, one.stand_in, _class_of(one)) for one in listed},
        "stand-in-model": partial(_at, "stand_ins.model.__main__:ModelSettings"),
    }


def held(process: str) -> tuple[str, ...]:
    """Name what the house itself says on a process's command line, which goes before a variable."""
    own = {"worker": ("WORKER_HTTP",), "stores": ("STORES_DIR", "POSTGRES_PORT", "REDIS_PORT")}
    return ("VENDORS", *own.get(process, ("PORT", "MCP_SERVER_TRANSPORT") if process.endswith("-mcp") else ("PORT",)))


def _class_of(vendor: Vendor) -> str:
    return "".join(vendor.title.split())


def _at(place: str) -> type[Settings]:
    module, _, name = place.partition(":")
    found: type[Settings] = getattr(import_module(module), name)
    return found


def _beside(command: str, name: str) -> type[Settings]:
    """Find a vendor's settings by its command: in `settings.py` of the command's package, or where the command is.

    Raises:
        ConfigError: the command is not installed.
    """
    point = next(iter(entry_points(group="console_scripts", name=command)), None)
    if point is None:
        raise ConfigError(f"no installed package brings the command {command}")
    beside = f"{point.module.rpartition('.')[0]}.settings"
    place = beside if find_spec(beside) else point.module
    return _at(f"{place}:{name}Settings")


def _control() -> type[Settings]:
    from control_api.sources.registry import all_settings

    return all_settings()


def _worker(vendors: tuple[Vendor, ...]) -> type[Settings]:
    from agent_engine.settings import WorkerSettings, with_addresses

    return with_addresses(WorkerSettings, vendors)


def check_names(environ: Mapping[str, str], vendors: tuple[Vendor, ...]) -> None:
    """Refuse a `PROCESS__VARIABLE` that would set nothing.

    Raises:
        ConfigError: no process has that name, or it does not read that variable; names the nearest that are known.
    """
    prefixes = {prefix_of(process).removesuffix("__"): process for process in settings_of(vendors)}
    for variable in sorted(environ):
        match = FORM.fullmatch(variable)
        if match is None:
            continue
        prefix, name = match[1], match[2]
        if prefix in prefixes:
            known = _known(prefixes[prefix], vendors)
            if name not in known:
                near = [f"{prefix}__{other}" for other in get_close_matches(name.upper(), known, cutoff=0.4)]
                why = f"{prefixes[prefix]} reads no {name}"
                if name in held(prefixes[prefix]):
                    why = f"the house itself sets {name} (ports by PORT_OFFSET or CONTROL_PORT and its like)"
                raise _unknown(variable, why, near)
            continue
        near = [f"{other}__{name.upper()}" for other in get_close_matches(prefix.upper(), prefixes, cutoff=NEAR)]
        if near or f" {variable}=" in " " + environ.get("MAKEFLAGS", ""):
            known_prefixes = [f"{other}__" for other in sorted(prefixes)]
            raise _unknown(variable, f"no process has the prefix {prefix}__", near or known_prefixes)


def check_values(processes: Iterable[Process], environ: Mapping[str, str], vendors: tuple[Vendor, ...]) -> None:
    """Read the settings of each process that the operator set something on, as it will itself, and LOG_LEVEL for all.

    Raises:
        ConfigError: a value is not usable.
    """
    if environ.get("LOG_LEVEL"):
        load(ServedSettings, {"LOG_LEVEL": environ["LOG_LEVEL"]})
    for process in processes:
        given = [name for name in environ if name.startswith(prefix_of(process.name))]
        given += [name for name in options_of(vendors).get(process.name, ()) if environ.get(name)]
        if not given:
            continue
        try:
            load(settings_of(vendors)[process.name](), process.env)
        except ConfigError as error:
            raise ConfigError(f"{process.name} cannot start with {', '.join(sorted(given))}: {error}") from None


def _known(process: str, vendors: tuple[Vendor, ...]) -> set[str]:
    fields = settings_of(vendors)[process]().model_fields.items()
    read = {name for field in fields for name in variables(*field)}
    return (read | {*options_of(vendors).get(process, ()), *PASSED_ON}) - {*held(process)}


def _unknown(variable: str, why: str, near: list[str]) -> ConfigError:
    nearest = f" The nearest known: {', '.join(near)}." if near else ""
    return ConfigError(f"{variable} would set nothing: {why}.{nearest} docs/configuration.md lists them all")
