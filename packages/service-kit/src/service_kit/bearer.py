"""Opaque bearer tokens of services, doors and people: random, and kept only as hashes."""

import hashlib
import hmac
import secrets
from collections.abc import Collection, Mapping, Sequence
from typing import Literal

TokenKind = Literal["service", "door", "person"]
PREFIXES: dict[TokenKind, str] = {"service": "abs_", "door": "abd_", "person": "abp_"}


def new_token(kind: TokenKind) -> str:
    """Return a new token of 256 random bits."""
    return PREFIXES[kind] + secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """Return the SHA-256 of a token in hex. A plain hash is enough because a random token cannot be guessed."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def token_owner(token: str, hashes: Mapping[str, Sequence[str]]) -> str | None:
    """Return the name whose hash the token has, or None. Every hash is compared, in constant time."""
    presented = token_hash(token)
    found: str | None = None
    for name, known in hashes.items():
        for value in known:
            if hmac.compare_digest(presented, value.lower()):
                found = name
    return found


def bearer_of(header: str | None, schemes: Collection[str] = ("bearer",)) -> str | None:
    """Return the token in the value of an `Authorization` header of one of these schemes, or None."""
    scheme, _, token = (header or "").partition(" ")
    return token.strip() or None if scheme.lower() in schemes else None
