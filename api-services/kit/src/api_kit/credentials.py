"""The vendor's credentials: one for all tenants, or each tenant's own from a file that may change."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, SecretStr, StringConstraints
from service_kit.access import TenantName
from service_kit.errors import ConfigError
from service_kit.keys import require_private
from service_kit.settings import Token, check_token
from service_kit.watched import WatchedFile
from service_kit.yaml_lines import read_checked

from api_kit.errors import Refusal
from api_kit.vendor import Credential

NAME_DIGITS = 12


class Tokens(BaseModel):
    """The file: `tenants`, each with its token."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tenants: dict[TenantName, Annotated[Token, StringConstraints(max_length=4096)]]


def credentials(
    vendor: str, *, token: SecretStr | None, file: Path | None, headers: Callable[[str], Mapping[str, str]]
) -> Callable[[str], Credential]:
    """Return a function that finds a tenant's credential: by a token of all tenants, or a file with a token for each.

    Errors name the variables `{VENDOR}_UPSTREAM_TOKEN` and `{VENDOR}_UPSTREAM_TOKENS_FILE`. `headers` makes the headers
    in which a token is shown to the vendor.

    Raises:
        ConfigError: neither or both are given, or the token or the file is not usable.
    """
    prefix = vendor.upper().replace("-", "_")
    one, each = f"{prefix}_UPSTREAM_TOKEN", f"{prefix}_UPSTREAM_TOKENS_FILE"
    if token is None and file is None:
        raise ConfigError(f"{one} is not set: set it, or {each} to a file with a token for each tenant")
    if file is not None:
        if token is not None:
            raise ConfigError(f"{one} and {each} are both set: leave one of them out")
        return TenantCredentials(file, variable=each, vendor=vendor, headers=headers)
    assert token is not None
    try:
        credential = Credential(vendor, headers(check_token(token.get_secret_value())))
    except ValueError as error:
        raise ConfigError(f"{one} is not usable: {error}") from None
    return lambda tenant: credential


class TenantCredentials(WatchedFile[dict[str, Credential]]):
    """Finds the credential of a tenant in a file, which nobody else may read.

    A credential is named by its token's digest. So tenants with the same token share the vendor's limits, and a new
    token does not inherit the circuit and pauses of the old one.

    Raises:
        ConfigError: the file is not usable, or others may read it.
    """

    def __init__(self, path: Path, *, variable: str, vendor: str, headers: Callable[[str], Mapping[str, str]]) -> None:
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
            tokens = read_checked(path, Tokens, variable=self._variable)
        except OSError as error:
            raise ConfigError(f"{self._variable}={path} cannot be read: {error.strerror}") from None
        return {tenant: self._credential(token) for tenant, token in tokens.tenants.items()}

    def _credential(self, token: str) -> Credential:
        digest = hashlib.sha256(token.encode()).hexdigest()[:NAME_DIGITS]
        return Credential(f"{self._vendor}-{digest}", self._headers(token))
