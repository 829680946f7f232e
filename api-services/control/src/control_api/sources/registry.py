"""The sources that are installed, by name."""

from collections.abc import Mapping
from importlib.metadata import entry_points
from types import new_class

from agent_vendors import load
from service_kit.errors import ConfigError
from service_kit.settings import is_secret, variables

from control_api.settings import ControlSettings
from control_api.sources.protocol import WebhookSource

GROUP = "agent_bot.webhook_sources"
Sources = Mapping[str, WebhookSource]


def installed_sources() -> Sources:
    """Load every source that is installed.

    Raises:
        ConfigError: two have one name, or one does not have the name of its entry point.
    """
    found: dict[str, WebhookSource] = {}
    for entry in entry_points(group=GROUP):
        source: WebhookSource = entry.load()()
        if source.name != entry.name or source.name in found:
            raise ConfigError(f"webhook source {entry.value}: the name {entry.name!r} is taken or not its own")
        found[source.name] = source
    return found


def default_source() -> str:
    """Give the source of triggers and dry runs that name none; empty unless just one vendor of this project has one."""
    sources = {vendor.webhook_source for vendor in load()} - {None}
    return str(*sources) if len(sources) == 1 else ""


def all_settings() -> type[ControlSettings]:
    """Give the settings of control together with those of the installed sources: every variable that it reads."""
    return new_class("AllSettings", (*(source.settings for source in installed_sources().values()), ControlSettings))


def secret_variables(sources: Sources) -> list[str]:
    """Name the variables that hold secrets of the sources."""
    return [
        variable
        for source in sources.values()
        for name, field in source.settings.model_fields.items()
        if is_secret(field)
        for variable in variables(name, field)
    ]
