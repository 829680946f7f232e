"""The engines that are installed, by the entry point group `agent_bot.engines`; one is loaded only when it is named.

An entry point names a function that makes the engine: `def engine(setup: EngineSetup) -> Engine`. Its name is the
engine's.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points

from service_kit.errors import ConfigError

from agent_engine.confinement.protocol import Confinement
from agent_engine.engines.protocol import Engine

GROUP = "agent_bot.engines"


@dataclass(frozen=True, kw_only=True)
class EngineSetup:
    """What an engine is made from.

    Attributes:
        environ: the worker's environment, for the engine's own variables; a missing one is a ConfigError.
    """

    confinement: Confinement
    environ: Mapping[str, str]


def installed_engines() -> list[str]:
    """Give the names of the engines that are installed, without loading any."""
    return sorted({found.name for found in entry_points(group=GROUP)})


def load_engines(names: Iterable[str], setup: EngineSetup) -> dict[str, Engine]:
    """Load engines by name. Raises ConfigError where none or two have that name, or one cannot be loaded."""
    return {name: _load(name, setup) for name in names}


def _load(name: str, setup: EngineSetup) -> Engine:
    found = list(entry_points(group=GROUP, name=name))
    if not found:
        known = ", ".join(installed_engines()) or "none"
        raise ConfigError(f"WORKER_ENGINES names {name}, which is not installed: {known} is; install it or correct it")
    if len(found) > 1:
        values = ", ".join(one.value for one in found)
        raise ConfigError(f"two installed packages have an engine named {name}: {values}; uninstall one")
    try:
        make: Callable[[EngineSetup], Engine] = found[0].load()
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"engine {name} ({found[0].value}) cannot be loaded: {error}") from error
    engine = make(setup)
    if engine.name != name:
        raise ConfigError(f"engine {name} ({found[0].value}) calls itself {engine.name}: its author must name it alike")
    return engine
