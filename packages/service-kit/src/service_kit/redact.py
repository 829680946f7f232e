"""Masks secrets in text: known shapes anywhere, and a run's own tokens exactly."""

import re
from collections.abc import Iterable
from functools import cache

from agent_vendors import loaded

MASK = "[secret]"
PREFIXES = r"""
    sk-ant-[A-Za-z0-9_-]{16,}                          # Anthropic keys
    | xox[abeoprs]-[A-Za-z0-9-]{10,}                   # Slack tokens
    | sntr[ysu]_[A-Za-z0-9_=+/-]{20,}                  # Sentry tokens
    | (?<![A-Za-z0-9_-])(?:(?!eyJ)[A-Za-z0-9_-])*+               # JWTs, with what stands before in the same word: begun
      eyJ[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9_-]{8,}+   # at each eyJ, a text of them would take hours
"""
WITHIN_WORDS = r"""
    (?<![A-Za-z0-9])sk-[A-Za-z0-9_-]{32,}              # not disk-, task-
    | (?<![A-Za-z0-9])ab[sdp]_[A-Za-z0-9_-]{32,}       # this project's service, door and people's tokens
    | A(?:KI|SI)A[0-9A-Z]{16}                          # AWS key ids
    | (?<=[Bb]earer\ )[A-Za-z0-9._~+/-]{16,}=*
    | (?<=://)[^/\s:@]+:[^/\s@]+(?=@)                  # user:password in a URL
    | -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----.*?(?:-----END\ [A-Z ]*PRIVATE\ KEY-----|\Z)
"""


def prefixed() -> re.Pattern[str]:
    """Return the shapes that begin as no word does. They are recognised even where white space was removed."""
    return _compiled(_of_vendors(), "")


def shapes() -> re.Pattern[str]:
    """Return all shapes of secrets: this module's, this project's vendors' and other loaded vendors'."""
    return _compiled(_of_vendors(), WITHIN_WORDS)


def redact(text: str) -> str:
    """Replace every known shape of a secret."""
    return shapes().sub(MASK, text)


def _of_vendors() -> tuple[str, ...]:
    return tuple(shape for vendor in loaded() for shape in vendor.secret_shapes)


@cache
def _compiled(of_vendors: tuple[str, ...], more: str) -> re.Pattern[str]:
    every = [*(f"(?-x:{shape})" for shape in of_vendors), PREFIXES, *([more] if more else [])]
    return re.compile("|".join(every), re.VERBOSE | re.DOTALL)


class Masker:
    """Replaces given secrets, and known shapes of other secrets."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = sorted({secret for secret in secrets if len(secret) >= 8}, key=len, reverse=True)
        self._exact = re.compile("|".join(map(re.escape, known))) if known else None

    def mask(self, text: str) -> str:
        """Return the text without the secrets."""
        if self._exact is not None:
            text = self._exact.sub(MASK, text)
        return redact(text)

    def mask_bytes(self, text: bytes) -> bytes:
        """Return UTF-8 bytes without the secrets. Bytes that are not UTF-8 are replaced."""
        return self.mask(text.decode("utf-8", "replace")).encode()
