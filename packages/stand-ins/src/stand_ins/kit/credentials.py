"""Reads the credential that a request shows."""

import base64
import binascii
from dataclasses import dataclass

from starlette.requests import Request


@dataclass(frozen=True)
class Credential:
    """A scheme in small letters and its secret; with `basic` the user too, else "" as in what cannot be read."""

    scheme: str
    secret: str
    user: str = ""


def credential_of(request: Request) -> Credential | None:
    """Return what the Authorization header shows; None without one."""
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return Credential(scheme.lower(), value.strip())
    try:
        user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        user = password = ""
    return Credential("basic", password, user)
