"""The command `stand-in-{vendor}`: its environment, its options, and how it serves."""

import argparse
from collections.abc import Callable
from typing import TypeVar

from pydantic import AliasChoices, AliasGenerator, Field
from pydantic_settings import SettingsConfigDict
from service_kit import command, log, serve, settings
from service_kit.guard import HostGuard
from starlette.types import ASGIApp

from stand_ins.kit.webhooks import Hook

OF_ALL = {"log_level", "allow_unauthenticated"}
"""Variables without a vendor's name."""


def named(vendor: str) -> SettingsConfigDict:
    """Return what names the variables of a vendor's settings: STAND_IN_{VENDOR}_TOKEN for `token`, and so on.

    Host and port may be HOST and PORT; `webhook_secret` is {VENDOR}_WEBHOOK_SECRET, which the receiver reads too.
    """

    def variable(field: str) -> AliasChoices:
        own = f"STAND_IN_{vendor}_{field}".upper()
        if field in OF_ALL:
            return AliasChoices(field.upper())
        if field in {"host", "port"}:
            return AliasChoices(own, field.upper())
        return AliasChoices(own.removeprefix("STAND_IN_") if field == "webhook_secret" else own)

    return SettingsConfigDict(alias_generator=AliasGenerator(validation_alias=variable))


class StandInSettings(settings.Settings):
    """What every stand-in reads; a vendor's subclass has `model_config = named(...)` and a port."""

    host: str = "127.0.0.1"
    port: settings.Port = 0
    log_level: settings.LogLevel = "info"
    allow_unauthenticated: bool = False


class VendorSettings(StandInSettings):
    """What a vendor's stand-in reads."""

    token: str = Field(default="", description="the token it takes for its account's")
    webhook_url: str = ""
    webhook_secret: str = ""

    @property
    def hook(self) -> Hook | None:
        """Where webhooks go, if anywhere."""
        return Hook(self.webhook_url, self.webhook_secret or None) if self.webhook_url else None


S = TypeVar("S", bound=StandInSettings)


def parser(name: str, summary: str) -> argparse.ArgumentParser:
    """Make the parser of a command with the options that all stand-ins have."""
    made = command.parser(name, summary)
    made.add_argument("--host", help="address to listen on (HOST)")
    made.add_argument("--port", type=int, help="port to listen on (PORT)")
    return made


def run(name: str, cls: type[S], arguments: argparse.Namespace, build: Callable[[S], ASGIApp]) -> int:
    """Serve a stand-in until it is stopped, and return the exit code.

    Args:
        name: the command.
        cls: what it reads from its environment.
        arguments: the options; one that has a setting's name goes before it.
        build: makes the app.
    """

    async def served() -> None:
        told = {key: value for key, value in vars(arguments).items() if value is not None and key in cls.model_fields}
        read = settings.load(cls).model_copy(update=told)
        log.configure(name, read.log_level)
        # The controls take no credential, so a wide bind is never authenticated.
        serve.check_bind(read.host, authenticated=False, allow_public=read.allow_unauthenticated)
        variable = settings.variables("port", cls.model_fields["port"])[0]
        await serve.serve(HostGuard(build(read)), host=read.host, port=read.port, settings=f"{variable} or --port")

    return serve.run(served())
