"""Finds the instances of sources: each is an entry under `webhooks` or `feeds` in `access.yaml`."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Generic, Literal, TypeVar

from service_kit.access import Access, AccessFile, SourceDoor
from service_kit.errors import ConfigError
from service_kit.settings import load, split_csv
from service_kit.watched import WatchedFile

from control_api.errors import Refusal
from control_api.sources.protocol import Instance, Source, SourceSettings, key_of

SourceT = TypeVar("SourceT", bound=Source)


class Instances(Generic[SourceT]):
    """The instances of one kind of source, whose entries are one group of `access.yaml`.

    One under `webhooks` needs a secret. Secrets are read from the variables at start.

    Raises:
        ConfigError: a source's variable is wrong.
    """

    def __init__(
        self,
        group: Literal["webhooks", "feeds"],
        access: AccessFile,
        sources: Mapping[str, SourceT],
        environ: Mapping[str, str],
    ) -> None:
        self.sources = sources
        self._group = group
        self._access = access
        self._environ = environ
        self._settings = {name: load(source.settings, environ) for name, source in sources.items()}
        self._files: dict[Path, WatchedFile[tuple[str, ...]]] = {}

    def entries(self) -> list[tuple[str, str]]:
        """Give source and name of each entry whose source is installed."""
        parted = [key.partition("/") for key in self._doors()]
        return [(source, name) for source, _, name in parted if source in self.sources]

    def find(self, source_name: str, name: str = "") -> Instance[SourceT]:
        """Give an instance with its secrets.

        Raises:
            Refusal: there is no such source or entry, or it has no usable secret; 404, and says what to do.
        """
        instance = self.without_secrets(source_name, name)
        try:
            return replace(instance, secrets=self._secrets(instance.door, instance.settings, instance.key))
        except ConfigError as error:
            raise _closed(f"no source {instance.key!r} here", str(error)) from None

    def without_secrets(self, source_name: str, name: str = "", *, tenant: str | None = None) -> Instance[SourceT]:
        """Give an instance that cannot verify anything. Where a tenant is given, another's is not there.

        Raises:
            Refusal: there is no such source or entry; 404, and says what to do.
        """
        source, key = self.sources.get(source_name), key_of(source_name, name)[:160]
        if source is None:
            known = ", ".join(sorted(self.sources))
            raise _closed(f"no source {source_name[:80]!r} here", f"There are {known}.")
        door, settings = self._doors().get(key), self._settings[source_name]
        if door is None or tenant not in (None, door.tenant):
            raise _closed(f"no door for source {key!r}", f"Add {self._group}.{key} to access.yaml.")
        own = door.own_accounts or settings.own_accounts
        return Instance(source, name, door, settings, (), frozenset(account.casefold() for account in own))

    def faults(self) -> list[str]:
        """Say of each entry that opens nothing why."""
        wrong = []
        for key, door in self._doors().items():
            source_name = key.partition("/")[0]
            if source_name not in self.sources:
                wrong.append(f"{self._group}.{key}: no such source is installed")
            elif door.secrets or "/" in key:  # a source without any secret is not in use, and nobody is warned
                try:
                    self._secrets(door, self._settings[source_name], key)
                except ConfigError as error:
                    wrong.append(str(error))
        return wrong

    def _doors(self) -> Mapping[str, SourceDoor]:
        access = self._access.current()
        return access.webhooks if self._group == "webhooks" else access.feeds

    def _secrets(self, door: SourceDoor, settings: SourceSettings, key: str) -> tuple[str, ...]:
        if door.secrets:
            return tuple(secret for reference in door.secrets for secret in self._referenced(reference, key))
        own = () if "/" in key else settings.secrets
        if own or self._group == "feeds":
            return own
        if "/" in key:
            raise ConfigError(f"webhooks.{key} names no secrets: add `secrets: [file:/PATH]` to it in access.yaml")
        named = [name.upper() for name in type(settings).model_fields if "secret" in name]
        raise ConfigError(f"Set {' or '.join(named) or f'webhooks.{key}.secrets'}.")

    def _referenced(self, reference: str, key: str) -> tuple[str, ...]:
        kind, _, place = reference.partition(":")
        if kind == "env":
            secrets = split_csv(self._environ.get(place))
            if not secrets:
                raise ConfigError(f"{self._group}.{key}: the variable {place} is not set")
            return secrets
        file = self._files.get(Path(place))
        if file is None:
            file = self._files[Path(place)] = WatchedFile(Path(place), _read_secrets)
        return file.current()


def referenced_variables(access: Access) -> list[str]:
    """Name the variables that hold secrets of entries."""
    return [
        reference.removeprefix("env:")
        for door in (*access.webhooks.values(), *access.feeds.values())
        for reference in door.secrets
        if reference.startswith("env:")
    ]


def _closed(message: str, remedy: str) -> Refusal:
    return Refusal("source", message, remedy=remedy)


def _read_secrets(path: Path) -> tuple[str, ...]:
    try:
        secrets = split_csv(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the secret file {path} cannot be read: {error}") from None
    if not secrets:
        raise ConfigError(f"the secret file {path} is empty")
    return secrets
