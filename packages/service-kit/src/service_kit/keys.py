"""Key pairs for tokens: an Ed25519 private JWK for the engine, a JWKS of public keys for all others."""

import json
import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt import PyJWK, PyJWTError
from jwt.algorithms import OKPAlgorithm

from service_kit.checkout import remedy
from service_kit.errors import ConfigError

OPEN_TO_OTHERS = 0o037
"""Permission bits that a secret's file must not have. The group may read it, as with many mounted secrets."""


def generate_keypair(kid: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a new private JWK and its public JWK."""
    key = Ed25519PrivateKey.generate()
    marks = {"kid": kid, "alg": "EdDSA", "use": "sig"}
    private = {**OKPAlgorithm.to_jwk(key, as_dict=True), **marks}
    public = {**OKPAlgorithm.to_jwk(key.public_key(), as_dict=True), **marks}
    return private, public


def write_keys(private_path: Path, jwks_path: Path) -> None:
    """Write a new key pair: the private key readable by its owner alone (0600), the public set by everybody."""
    private, public = generate_keypair(secrets.token_hex(8))
    write_private(private_path, json.dumps(private) + "\n")
    jwks_path.write_text(_jwks([public]))


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, from its creation on."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


def require_private(path: Path, named: str = "", *, folder: bool = False) -> None:
    """Raise unless a secret's file or folder is closed to others. The message begins with `named`, else with the path.

    Raises:
        OSError: it cannot be read.
        ConfigError: it is open to others, or is a folder where a file is needed; says how to mend it.
    """
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode) and not folder:
        made = remedy(checkout=" (`make init` makes those of a house)", package="")
        raise ConfigError(f"{named or path} is a folder, not a file: remove it, and put the file there{made}")
    if mode & OPEN_TO_OTHERS:
        closing = f"chmod {'700' if folder else '600'} {path}"
        raise ConfigError(f"{named or path} is open to others ({mode & 0o777:o}): {closing}")


def _key_remedy() -> str:
    return remedy(
        checkout="make it with `make init`", package="put the engine's signing key there, or correct the path"
    )


def read_private(path: Path) -> dict[str, Any]:
    """Read a signing key.

    Raises:
        ConfigError: the file is missing, open to others, or holds no Ed25519 private JWK.
    """
    try:
        require_private(path, f"AGENT_SIGNING_KEY_FILE={path}")
        key: dict[str, Any] = json.loads(path.read_text())
        if not key.get("d"):
            raise ConfigError(f"AGENT_SIGNING_KEY_FILE={path} holds no private part: {_key_remedy()}")
        if not isinstance(key.get("kid"), str):
            raise ConfigError(f"AGENT_SIGNING_KEY_FILE={path} holds a key without a kid")
        PyJWK.from_dict(key)
    except FileNotFoundError:
        raise ConfigError(f"AGENT_SIGNING_KEY_FILE={path} does not exist: {_key_remedy()}") from None
    except (OSError, ValueError, KeyError, AttributeError, PyJWTError) as error:
        raise ConfigError(f"AGENT_SIGNING_KEY_FILE={path} holds no Ed25519 private JWK: {error}") from None
    return key


def publish(private_path: Path, jwks_path: Path) -> None:
    """Write a public file that holds the signing key's public part alone.

    Raises:
        ConfigError: the signing key is not usable.
    """
    private = read_private(private_path)
    jwks_path.write_text(_jwks([{name: value for name, value in private.items() if name != "d"}]))


def unpublished(private: Mapping[str, Any], public: Mapping[str, Mapping[str, Any]], jwks_path: Path) -> str | None:
    """Return a message, with the remedy, if the signing key is not among the public keys; else None."""
    if _is_public(private, public):
        return None
    back = f"put back the signing key of {' or '.join(public)}" if public else "put back the file that names it"
    return (
        f"the key that signs ({private['kid']}) is not public in {jwks_path}, so all that it signs is refused: "
        f"`agent-engine keys rotate` makes one that is, or {back}"
    )


def _is_public(private: Mapping[str, Any], public: Mapping[str, Mapping[str, Any]]) -> bool:
    return public.get(private["kid"], {}).get("x") == private.get("x")


def rotate(private_path: Path, jwks_path: Path) -> tuple[str, str | None]:
    """Make a new signing key: publish it beside the old one, then sign with it.

    The files are written in place, so that a container that mounts one of them sees it change.

    Returns:
        The new key's id, and the old key's id, or None if the old key was not public. It does not become public.

    Raises:
        ConfigError: a file is not usable, or two keys are public already.
    """
    with _alone(jwks_path):
        key, public = read_private(private_path), read_public(jwks_path)
        old = key["kid"] if _is_public(key, public) else None
        others = sorted(set(public) - {old})
        if len(public) > 1:
            one = "one of " if old is None else ""
            raise ConfigError(
                f"two keys are public already: retire {one}{', '.join(others)} first, "
                "once no run from before it is live"
            )
        private, fresh = generate_keypair(secrets.token_hex(8))
        _overwrite(jwks_path, _jwks([fresh, *public.values()]))
        _overwrite(private_path, json.dumps(private) + "\n")
        return private["kid"], old


def retire(private_path: Path, jwks_path: Path, kid: str) -> None:
    """Remove a key from the public keys. Tokens that it signed are refused from then on.

    Raises:
        ConfigError: a file is not usable, there is no such key, or it is the one that signs or the last.
    """
    with _alone(jwks_path):
        key, public = read_private(private_path), read_public(jwks_path)
        if kid not in public:
            raise ConfigError(f"no public key is named {kid!r}: there are {', '.join(public) or 'none'}")
        if kid == key["kid"] and _is_public(key, public):
            raise ConfigError(f"{kid} is the signing key: rotate it first (`agent-engine keys rotate`)")
        if len(public) == 1:
            raise ConfigError(f"{kid} is the last public key: make another first (`agent-engine keys rotate`)")
        _overwrite(jwks_path, _jwks([key for name, key in public.items() if name != kid]))


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    import fcntl  # Not on Windows, where an MCP server reads keys but changes none.

    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise ConfigError(f"AGENT_JWKS_FILE={path} cannot be opened: {error.strerror}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _overwrite(path: Path, text: str) -> None:
    """Write a file in place with one write, and flush it to disk."""
    try:
        descriptor = os.open(path, os.O_WRONLY)
        try:
            content = text.encode()
            os.pwrite(descriptor, content.ljust(os.fstat(descriptor).st_size), 0)
            os.ftruncate(descriptor, len(content))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from None


def _jwks(keys: list[dict[str, Any]]) -> str:
    return json.dumps({"keys": keys}, indent=2) + "\n"


def read_public(path: Path) -> dict[str, dict[str, Any]]:
    """Return the public keys of a JWKS file by key id.

    Raises:
        ConfigError: the file is missing or broken, holds a private part, or a key without an id.
    """
    try:
        keys = json.loads(path.read_text())["keys"]
    except FileNotFoundError:
        made = remedy(
            checkout="make it with `make init`", package="put the engine's public keys there, or correct the path"
        )
        raise ConfigError(f"AGENT_JWKS_FILE={path} does not exist: {made}") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"AGENT_JWKS_FILE={path} cannot be read as a JWKS: {error}") from None
    public: dict[str, dict[str, Any]] = {}
    for key in keys:
        if "d" in key:
            raise ConfigError(f"AGENT_JWKS_FILE={path} holds a private key ({key.get('kid')}): keep public parts only")
        if not isinstance(key.get("kid"), str) or key.get("kty") != "OKP" or key.get("crv") != "Ed25519":
            raise ConfigError(f"AGENT_JWKS_FILE={path}: each key needs a kid and must be Ed25519 (OKP)")
        public[key["kid"]] = key
    return public
