"""The private key of an app at a vendor: the app proves itself by a JWT that the key signs."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from service_kit.errors import ConfigError
from service_kit.keys import require_private

BEFORE_SECONDS = 60
LIFE_SECONDS = 540
"""GitHub takes no JWT that ends later than ten minutes from now by its own clock."""


@dataclass(frozen=True)
class AppKey:
    """An app's RSA key in a PEM file that is closed to others. It is read for each JWT, so that it can be replaced.

    `variable` names the file in errors.
    """

    app: str
    path: Path
    variable: str

    def sign(self, clock: Callable[[], float] = time.time) -> str:
        """Return a JWT of nine minutes, which began a minute ago: the vendor's clock may be behind.

        Raises:
            ConfigError: the file is missing, open to others, or holds no RSA private key.
        """
        now = int(clock())
        claims = {"iss": self.app, "iat": now - BEFORE_SECONDS, "exp": now + LIFE_SECONDS}
        return jwt.encode(claims, self._read(), algorithm="RS256")

    def _read(self) -> RSAPrivateKey:
        named = f"{self.variable}={self.path}"
        try:
            require_private(self.path, named)
            key = load_pem_private_key(self.path.read_bytes(), password=None)
        except OSError as error:
            raise ConfigError(f"{named} cannot be read: {error.strerror}") from None
        except (ValueError, TypeError):
            raise ConfigError(f"{named} holds no private key as PEM without a password") from None
        if not isinstance(key, RSAPrivateKey):
            raise ConfigError(f"{named} holds a key that is not RSA")
        return key
