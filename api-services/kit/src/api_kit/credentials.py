"""The vendor's credentials: one for all tenants, or each tenant's own from a file that may change."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Discriminator, SecretStr, StringConstraints, Tag, create_model
from service_kit.access import TenantName
from service_kit.errors import ConfigError
from service_kit.keys import require_private
from service_kit.settings import Token, check_token
from service_kit.watched import WatchedFile
from service_kit.yaml_lines import read_checked

from api_kit.errors import Refusal
from api_kit.vendor import Credential

NAME_DIGITS = 12
ShortToken = Annotated[Token, StringConstraints(max_length=4096)]
E = TypeVar("E", bound=BaseModel)


@dataclass(frozen=True)
class OtherForm(Generic[E]):
    """A form of a tenant's credential other than a token, as an app's key.

    Attributes:
        entry: what stands in the file in a token's place.
        make: makes the credential of an entry. It raises ConfigError.
    """

    entry: type[E]
    make: Callable[[E], Credential]


def credentials(
    vendor: str,
    *,
    token: SecretStr | None,
    file: Path | None,
    headers: Callable[[str], Mapping[str, str]],
    other: Credential | None = None,
    form: OtherForm[Any] | None = None,
) -> Callable[[str], Credential]:
    """Return a function that finds a tenant's credential: that of all tenants, or in a file with one for each.

    Errors name the variables `{VENDOR}_UPSTREAM_TOKEN` and `{VENDOR}_UPSTREAM_TOKENS_FILE`.

    Args:
        vendor: its name.
        token: of all tenants.
        file: with a token for each tenant, or an entry of the other form.
        headers: makes the headers in which a token is shown to the vendor.
        other: the credential of all tenants in another form than a token.
        form: the other form that an entry of the file may have.

    Raises:
        ConfigError: none or several are given, or the token or the file is not usable.
    """
    prefix = vendor.upper().replace("-", "_")
    one, each = f"{prefix}_UPSTREAM_TOKEN", f"{prefix}_UPSTREAM_TOKENS_FILE"
    if token is None and file is None and other is None:
        raise ConfigError(f"{one} is not set: set it, or {each} to a file with a token for each tenant")
    if (token is not None) + (file is not None) + (other is not None) > 1:
        known = f"{one}, {each} and an app's key" if other else f"{one} and {each}"
        raise ConfigError(f"{known}: more than one of them is set: leave the others out")
    if file is not None:
        return TenantCredentials(file, variable=each, vendor=vendor, headers=headers, form=form)
    try:
        found = other or Credential(vendor, headers(check_token(token.get_secret_value() if token else "")))
    except ValueError as error:
        raise ConfigError(f"{one} is not usable: {error}") from None
    return lambda tenant: found


class TenantCredentials(WatchedFile[dict[str, Credential]]):
    """Finds the credential of a tenant in a file, which nobody else may read.

    A credential is named by its token's digest. So tenants with the same token share the vendor's limits, and a new
    token does not inherit the circuit and pauses of the old one. An entry of the other form is named by its own digest,
    and what was renewed for it stays while the entry does.

    Raises:
        ConfigError: the file is not usable, or others may read it.
    """

    def __init__(
        self,
        path: Path,
        *,
        variable: str,
        vendor: str,
        headers: Callable[[str], Mapping[str, str]],
        form: OtherForm[Any] | None = None,
    ) -> None:
        self._form = form
        self._renewed: dict[str, Credential] = {}
        self._variable = variable
        self._vendor = vendor
        self._headers = headers
        super().__init__(path, self._read_tokens)

    def __call__(self, tenant: str) -> Credential:
        """Return a tenant's credential, or refuse the request by `credential`."""
        found = self.current().get(tenant)
        if found is None:
            message = f"tenant {tenant!r} has no credential for {self._vendor}"
            raise Refusal("credential", message, remedy=f"Name its token under `tenants` in {self._variable}.")
        return found

    def _read_tokens(self, path: Path) -> dict[str, Credential]:
        try:
            require_private(path, f"{self._variable}={path}")
            tokens = read_checked(path, _file_of(self._form), variable=self._variable)
        except OSError as error:
            raise ConfigError(f"{self._variable}={path} cannot be read: {error.strerror}") from None
        entries: Mapping[str, str | BaseModel] = dict(tokens)["tenants"]
        found = {tenant: self._credential(entry) for tenant, entry in entries.items()}
        self._renewed = {one.name: one for one in found.values() if one.renew is not None}
        return found

    def _credential(self, entry: str | BaseModel) -> Credential:
        text = entry if isinstance(entry, str) else entry.model_dump_json()
        name = f"{self._vendor}-{hashlib.sha256(text.encode()).hexdigest()[:NAME_DIGITS]}"
        if isinstance(entry, str):
            return Credential(name, self._headers(entry))
        assert self._form is not None
        if name not in self._renewed:
            self._renewed[name] = replace(self._form.make(entry), name=name)
        return self._renewed[name]


def _file_of(form: OtherForm[Any] | None) -> type[BaseModel]:
    """Make the model of the file: `tenants`, each with its token, or an entry of the other form."""
    entry: Any = ShortToken
    if form is not None:
        kind: Any = form.entry
        either: Any = Annotated[ShortToken, Tag("[token]")] | Annotated[kind, Tag("[entry]")]
        entry = Annotated[either, Discriminator(lambda value: "[entry]" if isinstance(value, dict) else "[token]")]
    config = ConfigDict(extra="forbid", frozen=True)
    return create_model("Tokens", __config__=config, tenants=(dict[TenantName, entry], ...))
