"""Key pairs for tokens: an Ed25519 private JWK for the engine, a JWKS of public keys for all others."""

import json
import os
import secrets
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

from service_kit.errors import ConfigError


def generate_keypair(kid: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Make a private JWK and its public JWK."""
    key = Ed25519PrivateKey.generate()
    marks = {"kid": kid, "alg": "EdDSA", "use": "sig"}
    private = {**OKPAlgorithm.to_jwk(key, as_dict=True), **marks}
    public = {**OKPAlgorithm.to_jwk(key.public_key(), as_dict=True), **marks}
    return private, public


def write_keys(private_path: Path, jwks_path: Path) -> None:
    """Make a key pair and write it: the private part for its owner's eyes alone (0600), the public set for all."""
    private, public = generate_keypair(secrets.token_hex(8))
    write_private(private_path, json.dumps(private) + "\n")
    jwks_path.write_text(json.dumps({"keys": [public]}, indent=2) + "\n")


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read; it never exists with wider rights."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


def read_public(path: Path) -> dict[str, dict[str, Any]]:
    """Read a JWKS file as public keys by key id.

    Raises:
        ConfigError: the file is missing or broken, holds a private part, or a key without an id.
    """
    try:
        keys = json.loads(path.read_text())["keys"]
    except FileNotFoundError:
        raise ConfigError(f"AGENT_JWKS_FILE={path} does not exist: make it with `make init`") from None
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
