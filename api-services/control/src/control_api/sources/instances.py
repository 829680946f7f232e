"""The instances of webhook sources: each is an entry under `webhooks` in `access.yaml`, with its door and secrets."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from service_kit.access import Access, AccessFile, WebhookDoor
from service_kit.errors import ConfigError
from service_kit.settings import load, split_csv
from service_kit.watched import WatchedFile

from control_api.errors import Refusal
from control_api.sources.protocol import SourceSettings, WebhookSource
from control_api.sources.registry import Sources


@dataclass(frozen=True)
class Instance:
    """One instance of a source.

    Attributes:
        source: what its requests look like.
        name: what distinguishes it from the source's other instances; empty for the one without a name.
        door: the tenant, skills and bounds of what it starts.
        secrets: those in force.
        own_accounts: our own accounts, in lower case: what they cause starts nothing.
    """

    source: WebhookSource
    name: str
    door: WebhookDoor
    secrets: tuple[str, ...]
    own_accounts: frozenset[str]

    @property
    def key(self) -> str:
        """Its name in `access.yaml`."""
        return _key(self.source.name, self.name)


class Instances:
    """The instances of this control.

    Args:
        access: the entries.
        sources: the sources that are installed.
        environ: the variables at start; secrets are read from here.

    Raises:
        ConfigError: a source's variable is wrong.
    """

    def __init__(self, access: AccessFile, sources: Sources, environ: Mapping[str, str]) -> None:
        self.sources = sources
        self._access = access
        self._environ = environ
        self._settings = {name: load(source.settings, environ) for name, source in sources.items()}
        self._files: dict[Path, WatchedFile[tuple[str, ...]]] = {}

    def find(self, source_name: str, name: str = "") -> Instance:
        """Give an instance with its secrets.

        Raises:
            Refusal: there is no such source or entry, or it has no usable secret; 404, and says what to do.
        """
        instance = self.without_secrets(source_name, name)
        try:
            secrets = self._secrets(instance.door, self._settings[source_name], instance.key)
        except ConfigError as error:
            raise _closed(f"no webhook source {instance.key!r} here", str(error)) from None
        return replace(instance, secrets=secrets)

    def without_secrets(self, source_name: str, name: str = "") -> Instance:
        """Give an instance that cannot verify anything.

        Raises:
            Refusal: there is no such source or entry; 404, and says what to do.
        """
        source, key = self.sources.get(source_name), _key(source_name, name)[:160]
        if source is None:
            known = ", ".join(sorted(self.sources))
            raise _closed(f"no webhook source {source_name[:80]!r} here", f"There are {known}.")
        door = self._access.current().webhooks.get(key)
        if door is None:
            raise _closed(f"no door for source {key!r}", f"Add webhooks.{key} to access.yaml.")
        own = door.own_accounts or self._settings[source_name].own_accounts
        return Instance(source, name, door, (), frozenset(account.casefold() for account in own))

    def fault(self) -> str | None:
        """Say which entries open nothing, and why; None if there are none."""
        wrong = []
        for key, door in self._access.current().webhooks.items():
            source_name = key.partition("/")[0]
            if source_name not in self.sources:
                wrong.append(f"webhooks.{key}: no such source is installed")
            elif door.secrets or "/" in key:  # without GITHUB_WEBHOOK_SECRET there is no GitHub, and nobody is warned
                try:
                    self._secrets(door, self._settings[source_name], key)
                except ConfigError as error:
                    wrong.append(str(error))
        return "; ".join(wrong) or None

    def _secrets(self, door: WebhookDoor, settings: SourceSettings, key: str) -> tuple[str, ...]:
        if door.secrets:
            return tuple(secret for reference in door.secrets for secret in self._referenced(reference, key))
        if "/" in key:
            raise ConfigError(f"webhooks.{key} names no secrets: add `secrets: [file:/PATH]` to it in access.yaml")
        if not settings.secrets:
            named = [name.upper() for name in type(settings).model_fields if "secret" in name]
            raise ConfigError(f"Set {' or '.join(named) or f'webhooks.{key}.secrets'}.")
        return settings.secrets

    def _referenced(self, reference: str, key: str) -> tuple[str, ...]:
        kind, _, place = reference.partition(":")
        if kind == "env":
            secrets = split_csv(self._environ.get(place))
            if not secrets:
                raise ConfigError(f"webhooks.{key}: the variable {place} is not set")
            return secrets
        file = self._files.get(Path(place))
        if file is None:
            file = self._files[Path(place)] = WatchedFile(Path(place), _read_secrets)
        return file.current()


def referenced_variables(access: Access) -> list[str]:
    """Name the variables that hold secrets of entries."""
    return [
        reference.removeprefix("env:")
        for door in access.webhooks.values()
        for reference in door.secrets
        if reference.startswith("env:")
    ]


def _key(source: str, name: str) -> str:
    return f"{source}/{name}" if name else source


def _closed(message: str, remedy: str) -> Refusal:
    return Refusal(404, "source", message, remedy)


def _read_secrets(path: Path) -> tuple[str, ...]:
    try:
        secrets = split_csv(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the secret file {path} cannot be read: {error}") from None
    if not secrets:
        raise ConfigError(f"the secret file {path} is empty")
    return secrets
