"""Masks secrets in text and bytes: known shapes anywhere, and a run's own tokens whole and in pieces."""

import re
from collections.abc import Iterable
from functools import cache

from agent_vendors import loaded

from service_kit.token_pieces import TokenPieces, bare

MASK = "[secret]"
PREFIXED = (
    r"sk-ant-[A-Za-z0-9_-]{16,}",  # Anthropic keys
    r"xox[abeoprs]-[A-Za-z0-9-]{10,}",  # Slack tokens
    r"sntr[ysu]_[A-Za-z0-9_=+/-]{20,}",  # Sentry tokens
    # JWTs, with what stands before in the same word: begun at each eyJ, a text of them would take hours
    r"(?<![A-Za-z0-9_-])(?:(?!eyJ)[A-Za-z0-9_-])*+eyJ[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9_-]{8,}+",
)
"""Shapes that begin as no word does, as those of vendors do: they are known where white space was put in, too."""
WITHIN_WORDS = (
    r"(?<![A-Za-z0-9])sk-[A-Za-z0-9_-]{32,}",  # not disk-, task-
    r"(?<![A-Za-z0-9])ab[sdp]_[A-Za-z0-9_-]{32,}",  # this project's service, door and people's tokens
    r"A(?:KI|SI)A[0-9A-Z]{16}",  # AWS key ids
    r"(?<=[Bb]earer )[A-Za-z0-9._~+/-]{16,}=*",
    r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)",  # user:password in a URL
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
)


def has_secret(text: str) -> bool:
    """Return whether a text holds a known shape of a secret, or one with white space in it.

    The shapes are those here, and those of this project's vendors and of others that were loaded.
    """
    prefixed = (*_of_vendors(), *PREFIXED)
    unspaced = "".join(text.split())
    # One by one, which is several times faster than as one expression: `re` skips to where a literal is.
    return any(_compiled((shape,)).search(unspaced) for shape in prefixed) or any(
        _compiled((shape,)).search(text) for shape in (*prefixed, *WITHIN_WORDS)
    )


def redact(text: str) -> str:
    """Replace every known shape of a secret."""
    return _compiled((*_of_vendors(), *PREFIXED, *WITHIN_WORDS)).sub(MASK, text)


def _of_vendors() -> tuple[str, ...]:
    return tuple(shape for vendor in loaded() for shape in vendor.secret_shapes)


@cache
def _compiled(shapes: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(shapes), re.DOTALL)


class Masker:
    """Replaces given secrets, pieces of them too, and known shapes of other secrets."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = sorted({secret for secret in secrets if len(secret) >= 8}, key=len, reverse=True)
        self._exact = re.compile("|".join(map(re.escape, known))) if known else None
        self._pieces = TokenPieces(known)

    def mask(self, text: str) -> str:
        """Return the text without the secrets."""
        if self._exact is not None:
            text = self._exact.sub(MASK, text)
        raw = redact(text).encode("utf-8", "surrogatepass")
        return self._pieces.mask(raw, MASK.encode()).decode("utf-8", "surrogatepass")

    def mask_bytes(self, content: bytes) -> bytes:
        """Return bytes without the secrets; what is not UTF-8 stays as it is."""
        return self.mask(content.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")

    def has_pieces(self, content: bytes) -> bool:
        """Return whether bytes hold pieces of the given secrets."""
        return bool(self._pieces.find(bare(content)))
