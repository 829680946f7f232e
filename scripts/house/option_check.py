"""Checks what the operator set on single processes, as in CONTROL__ALLOWED_HOSTS: known names, usable values."""

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from functools import partial
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from urllib.parse import urlsplit

from agent_vendors import Vendor
from service_kit.errors import ConfigError
from service_kit.settings import ServedSettings, Settings, load, variables

from house.processes import PASSED_ON, Process, options_of, prefix_of

STORES = {"DATABASE_URL": ("postgresql", "postgres"), "REDIS_URL": ("redis", "rediss", "unix")}
"""The schemes that the address of each store may have; the first is the one to name."""
NEAR = 0.75
"""How like a process's prefix another must be to be taken for a slip: others' variables have this form too."""


def settings_of(vendors: Iterable[Vendor]) -> dict[str, Callable[[], type[Settings]]]:
    """Return, by process, a function that imports its settings: some are slow to import."""
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


def set_by_house(process: str) -> tuple[str, ...]:
    """Return the variables whose values the house itself puts on a process's command line, where they win."""
    own = {"worker": ("WORKER_HTTP",), "stores": ("STORES_DIR", "POSTGRES_PORT", "REDIS_PORT")}
    return ("VENDORS", *own.get(process, ("PORT", "MCP_SERVER_TRANSPORT") if process.endswith("-mcp") else ("PORT",)))


def _class_of(vendor: Vendor) -> str:
    return "".join(vendor.title.split())


def _at(place: str) -> type[Settings]:
    module, _, name = place.partition(":")
    found: type[Settings] = getattr(import_module(module), name)
    return found


def _beside(command: str, name: str) -> type[Settings]:
    """Find a vendor's settings by its command: in `settings.py` of the command's package, or where the command is."""
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
    """Raise ConfigError, with the nearest known names, for a `PROCESS__VARIABLE` that would set nothing."""
    prefixes = {prefix_of(process).removesuffix("__"): process for process in settings_of(vendors)}
    for variable in sorted(environ):
        prefix, _, name = variable.partition("__")
        process = prefixes.get(prefix)
        if process is None:
            near = get_close_matches(prefix.upper(), prefixes, cutoff=NEAR)
            if name and near:
                nearest = [f"{other}__{name.upper()}" for other in near]
                raise _unknown(variable, f"no process has the prefix {prefix}__", nearest)
        elif name in set_by_house(process):
            why = f"the house itself sets {name} (ports by PORT_OFFSET or CONTROL_PORT and its like)"
            raise _unknown(variable, why, [])
        elif name not in (known := _known(process, vendors)):
            near = [f"{prefix}__{other}" for other in get_close_matches(name.upper(), known)]
            raise _unknown(variable, f"{process} reads no {name}", near)


def check_stores(environ: Mapping[str, str]) -> None:
    """Raise ConfigError for a store's address that is none. It shows the scheme alone: the rest may hold a password."""
    for variable, schemes in STORES.items():
        url = environ.get(variable, "")
        scheme, found, rest = url.partition("://")
        try:
            usable = bool(found and rest) and urlsplit(url).scheme in schemes and url.isprintable() and " " not in url
        except ValueError:
            usable = False
        if url and not usable:
            shown = f"{scheme}://..." if found and scheme.isalnum() else "..."
            raise ConfigError(f"{variable}={shown} is not usable: write {schemes[0]}://USER:PASSWORD@HOST:PORT/NAME")


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
    return read | {*options_of(vendors).get(process, ()), *PASSED_ON}


def _unknown(variable: str, why: str, near: list[str]) -> ConfigError:
    nearest = f" The nearest known: {', '.join(near)}." if near else ""
    return ConfigError(f"{variable} would set nothing: {why}.{nearest} docs/configuration.md lists them all")
