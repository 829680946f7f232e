"""An app's key is a file that nobody else may read, and signs a JWT that lives for some minutes."""

from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fixtures.app_keys import write_app_key
from service_kit.app_key import AppKey
from service_kit.errors import ConfigError

PKCS8 = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_a_jwt_is_the_apps_for_nine_minutes(tmp_path: Path) -> None:
    """It is signed by RS256, names the app, began a minute ago and ends in nine; a replaced key signs the next."""
    path = tmp_path / "key.pem"
    key = AppKey("4711", path, "APP_KEY")
    for _ in range(2):
        public = write_app_key(path)
        token = key.sign(lambda: 1_000_000)
        options = {"verify_exp": False, "verify_iat": False}
        claims = jwt.decode(token, public, algorithms=["RS256"], options=options)  # type: ignore[arg-type]
        assert claims == {"iss": "4711", "iat": 999_940, "exp": 1_000_540}


@pytest.mark.parametrize(
    ("content", "mode", "message"),
    [
        (None, 0o600, "cannot be read: No such file"),
        (b"secret", 0o600, "holds no private key as PEM"),
        (generate_private_key(SECP256R1()).private_bytes(*PKCS8), 0o600, "holds a key that is not RSA"),
        (b"secret", 0o644, r"is open to others \(644\): chmod 600"),
    ],
)
def test_what_is_not_usable_is_named_without_the_key(
    tmp_path: Path, content: bytes | None, mode: int, message: str
) -> None:
    """Each error names the variable and the file, and shows nothing of what it holds."""
    path = tmp_path / "key.pem"
    if content is not None:
        path.touch(0o600)
        path.write_bytes(content)
        path.chmod(mode)
    with pytest.raises(ConfigError, match=f"APP_KEY={path} {message}") as error:
        AppKey("4711", path, "APP_KEY").sign()
    assert "secret" not in str(error.value)
