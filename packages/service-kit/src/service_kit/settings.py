"""Settings from the environment alone; an error names the variable and the remedy."""

import os
import re
from collections.abc import Mapping, Set
from functools import cached_property
from typing import Annotated, Any, Literal, TypeVar

from agent_vendors import Vendor
from agent_vendors import load as load_vendors
from pydantic import (
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    Field,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.sources import EnvSettingsSource

from service_kit.errors import ConfigError
from service_kit.forwarded import Network, networks
from service_kit.origins import origin_of
from service_kit.rate_limit import Rate
from service_kit.redact import redact
from service_kit.untrusted_text import clean_line
from service_kit.validation_errors import reason

PROXY_USER = re.compile(r"^(https?://)[^\s/?#@]+@")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Settings(BaseSettings):
    """The base of every process's settings: read once, from the environment, and never changed."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True, hide_input_in_errors=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the environment and nothing else: no dotenv file, no secrets folder."""
        return (init_settings, env_settings)

    @field_validator("*", mode="before")
    @classmethod
    def _in_one_line(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse a secret with a character that breaks a header: the error of sending it would show the secret."""
        if info.field_name is not None and is_secret(cls.model_fields[info.field_name]):
            for text in value.values() if isinstance(value, dict) else [value]:
                if isinstance(text, str) and CONTROL.search(text):
                    raise ValueError("it holds a line break or another control character: take it out")
                if isinstance(text, str) and text != text.strip():
                    raise ValueError("it begins or ends with a blank: take it out")
        return value


def is_secret(field: FieldInfo) -> bool:
    """Say whether a field's value must not be shown: pydantic hides it, or it may hold a password."""
    return "Secret" in str(field.annotation) or not field.repr


def check_token(token: str) -> str:
    """Return a token that a header can carry as one word.

    Raises:
        ValueError: it holds a character that no token has; the message does not show the token.
    """
    if not token or not all("!" <= character <= "~" for character in token):
        raise ValueError("it is empty, or holds a blank or another character that no token has: paste it anew")
    return token


def check_address(url: str) -> str:
    """Return the address of an HTTP server, to which paths are added. Raises ValueError where it is none."""
    if origin_of(url) is None or "?" in url or "#" in url:
        raise ValueError(
            "it is no address of a server: write https://HOST, https://HOST:PORT or https://HOST/PATH, "
            "without blanks, user, password and query"
        )
    return url


def check_proxy(url: str) -> str:
    """Return the address of a proxy, which may hold a user and a password.

    Raises:
        ValueError: it is none; the message shows nothing of it.
    """
    try:
        check_address(PROXY_USER.sub(r"\1", url))
    except ValueError:
        raise ValueError(
            "it is no address of a proxy: write http://HOST:PORT or http://USER:PASSWORD@HOST:PORT, "
            "with other characters than letters and digits of the password as %XX"
        ) from None
    return url


Token = Annotated[str, AfterValidator(check_token)]
Address = Annotated[str, AfterValidator(check_address)]
Port = Annotated[int, Field(ge=0, le=65535, description="port to listen on")]
LogLevel = Annotated[
    Literal["debug", "info", "warning", "error"],
    BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value),
]
"""How much a process logs; in any case of letters."""


class VendorNames(Settings):
    """The vendors in use. The process masks the shapes of their secrets in its logs."""

    vendor_names: str = Field(
        "", validation_alias="VENDORS", description="the vendors in use, by comma; empty: all of this project"
    )

    @field_validator("vendor_names")
    @classmethod
    def _installed(cls, value: str) -> str:
        load_vendors(split_csv(value))
        return value

    @cached_property
    def vendors(self) -> dict[str, Vendor]:
        """The vendors' records, by name. A vendor's MCP server has the vendor's name."""
        return {vendor.name: vendor for vendor in load_vendors(split_csv(self.vendor_names))}


class ServedSettings(VendorNames):
    """What every process that listens reads; each sets its own default port."""

    host: str = Field("127.0.0.1", description="address to listen on")
    port: Port = 0
    allowed_hosts: str = Field("", description="host names besides loopback under which it is reached, by comma")
    allowed_origins: str = Field("", description="comma list of browser origins let in")
    trusted_proxies: str = Field(
        "",
        description="comma list of addresses and networks of proxies "
        "whose X-Forwarded-Proto, -Host, -Prefix, -For count",
    )
    log_level: LogLevel = Field("info", description="debug, info, warning, error")

    @field_validator("trusted_proxies")
    @classmethod
    def _addresses(cls, value: str) -> str:
        networks(split_csv(value))
        return value

    @property
    def proxies(self) -> tuple[Network, ...]:
        """The trusted proxies, one by one."""
        return networks(split_csv(self.trusted_proxies))

    @property
    def hosts(self) -> tuple[str, ...]:
        """The allowed hosts, one by one."""
        return split_csv(self.allowed_hosts)

    @property
    def origins(self) -> tuple[str, ...]:
        """The allowed origins, one by one."""
        return split_csv(self.allowed_origins)


PROXY_VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")


class UpstreamSettings(Settings):
    """What every process reads that asks a vendor or a model."""

    upstream_proxy: Annotated[str, AfterValidator(check_proxy)] | None = Field(
        None,
        repr=False,
        description="http:// address of a proxy on the way to the vendor or model; HTTPS_PROXY is not read",
    )

    def unused_proxy(self, environ: Mapping[str, str]) -> str | None:
        """Return a warning that names the proxy of the environment that is not used; None if there is none."""
        found = [name for name in PROXY_VARIABLES if environ.get(name) or environ.get(name.lower())]
        if self.upstream_proxy is not None or not found:
            return None
        return f"{found[0]} is set and not used: set UPSTREAM_PROXY to ask the upstream through a proxy"


class SharedSettings(ServedSettings):
    """What a process reads whose callers and tenants have shares of its time; see `request_shares`."""

    rate_per_second: PositiveFloat = Field(20.0, description="requests a second of a task, service or door")
    rate_burst: PositiveInt = Field(100, description="requests at once of a task, service or door")
    tenant_rate_per_second: PositiveFloat = Field(50.0, description="requests a second of all of a tenant, per process")
    tenant_rate_burst: PositiveInt = Field(200, description="requests at once of all of a tenant, per process")

    @property
    def rate(self) -> Rate:
        """The rate of a caller."""
        return Rate(self.rate_per_second, self.rate_burst)

    @property
    def tenant_rate(self) -> Rate:
        """The rate of all callers of a tenant."""
        return Rate(self.tenant_rate_per_second, self.tenant_rate_burst)


S = TypeVar("S", bound=Settings)
MOST_SHOWN = 100


def load(cls: type[S], environ: Mapping[str, str] | None = None) -> S:
    """Read a process's settings from its environment, or from `environ`.

    Raises:
        ConfigError: variables are missing or wrong; names each with the values that it takes.
    """
    try:
        if environ is None:
            return cls()
        return cls.model_validate(_pick(cls, environ))
    except ValidationError as error:
        given = os.environ if environ is None else environ
        lines = [
            _explain(cls, dict(item), {name.upper() for name, value in given.items() if value})
            for item in error.errors()
        ]
        raise ConfigError("; ".join(lines)) from None


def variables(field_name: str, field: FieldInfo) -> list[str]:
    """Return the environment variables that set a field, the preferred one first."""
    alias = field.validation_alias
    if isinstance(alias, AliasChoices):
        return [str(choice).upper() for choice in alias.choices]
    return [str(alias or field_name).upper()]


def _pick(cls: type[S], environ: Mapping[str, str]) -> dict[str, Any]:
    source = EnvSettingsSource(cls)
    source.env_vars = {key.lower(): value for key, value in environ.items() if value != ""}
    return source()


def _explain(cls: type[S], item: dict[str, Any], given: Set[str]) -> str:
    """Return what is wrong with a variable, by the name that was used. A value that may be secret is not shown."""
    place = str(item["loc"][0]) if item["loc"] else ""
    for name, field in cls.model_fields.items():
        names = variables(name, field)
        if place.upper() in {name.upper(), *names}:
            wanted = f" ({field.description})" if field.description else ""
            if item["type"] == "missing":
                return f"{' or '.join(names)} is not set{wanted}: set it in the environment"
            named = next((one for one in names if one in given), names[0])
            secret = is_secret(field) or not isinstance(item["input"], str)
            shown = named if secret else f"{named}={clean_line(redact(item['input']), MOST_SHOWN)!r}"
            return f"{shown} is not usable: {reason(item['msg'])}{wanted}"
    return reason(item["msg"])


def split_csv(text: str | None) -> tuple[str, ...]:
    """Return the parts of a comma-separated list, in order, without blanks around them and without empty parts."""
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def environment() -> dict[str, str]:
    """Return a copy of the process's environment."""
    return dict(os.environ)


def unset_env(*names: str) -> None:
    """Remove variables from the process's environment, so that no child process and no later code reads them."""
    for name in names:
        os.environ.pop(name, None)
