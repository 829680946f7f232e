"""The sources that are installed, by name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from types import new_class

from agent_vendors import load
from service_kit.errors import ConfigError
from service_kit.settings import is_secret, variables

from control_api.settings import ControlSettings
from control_api.sources.protocol import FeedSource, Source, WebhookSource

WEBHOOKS = "agent_bot.webhook_sources"
FEEDS = "agent_bot.feed_sources"


@dataclass(frozen=True)
class Sources:
    """The sources of a control, by name."""

    webhooks: Mapping[str, WebhookSource] = field(default_factory=dict)
    feeds: Mapping[str, FeedSource] = field(default_factory=dict)

    @property
    def all(self) -> Mapping[str, Source]:
        """Both kinds together."""
        return {**self.webhooks, **self.feeds}


def installed_sources() -> Sources:
    """Load every source that is installed.

    Raises:
        ConfigError: two have one name, or one does not have the name of its entry point.
    """
    webhooks: dict[str, WebhookSource] = {}
    feeds: dict[str, FeedSource] = {}
    for group, found in ((WEBHOOKS, webhooks), (FEEDS, feeds)):
        for entry in entry_points(group=group):
            source = entry.load()()
            if source.name != entry.name or source.name in {*webhooks, *feeds}:
                raise ConfigError(f"source {entry.value}: the name {entry.name!r} is taken or not its own")
            found[source.name] = source
    return Sources(webhooks, feeds)


def default_source() -> str:
    """Give the source of triggers and dry runs that name none: the only one of this project's vendors; else empty."""
    sources = [vendor.webhook_source for vendor in load() if vendor.webhook_source is not None]
    return sources[0] if len(sources) == 1 else ""


def all_settings() -> type[ControlSettings]:
    """Give the settings of control together with those of the installed sources: every variable that it reads."""
    settings = (source.settings for source in installed_sources().all.values())
    return new_class("AllSettings", (*settings, ControlSettings))


def secret_variables(sources: Sources) -> list[str]:
    """Name the variables that hold secrets of the sources."""
    return [
        variable
        for source in sources.all.values()
        for name, field in source.settings.model_fields.items()
        if is_secret(field)
        for variable in variables(name, field)
    ]
