"""Finds pieces of a run's tokens in text, whatever signs and blanks stand in them. Pure, in linear time.

Whoever has the tokens finds their pieces in several spellings. Whoever may not have them, such as a gateway, finds the
pieces of their signatures by hashes, which a task token carries.
"""

import base64
import hashlib
import json
import re
import zlib
from collections.abc import Iterable, Iterator

PIECE = 16
"""So many letters and digits of a token in a row are no accident."""
HASHED_STEP = 4
"""Each fourth piece of a signature is hashed: of 19 letters and digits in a row one is known."""
_STEP = PIECE // 2
_HASH_BYTES = 6
_LETTERS = re.compile(rb"[A-Za-z0-9]+")
_SIGNS = bytes(code for code in range(256) if not _LETTERS.match(bytes([code])))
_LOWER = bytes(range(256)).lower()


def bare(text: bytes) -> bytes:
    """Return the letters and digits of a text alone, in lower case."""
    return text.translate(_LOWER, _SIGNS)


class TokenPieces:
    """Finds pieces of tokens as they are, reversed, in base64, in hexadecimal, and a JWT's id as its JSON has it."""

    def __init__(self, tokens: Iterable[str]) -> None:
        forms = [bare(form) for token in tokens for form in _spellings(token)]
        self._known = frozenset(
            form[start : start + _STEP]
            for form in forms
            if len(form) >= PIECE
            for start in range(len(form) - _STEP + 1)
        )

    def find(self, text: bytes) -> list[tuple[int, int]]:
        """Return where pieces stand in a bare text, as start and end.

        Each eighth place is looked at: whatever begins or ends between two is found from there.
        """
        known, found, end = self._known, [(0, 0)], 0
        for start in range(0, len(text) - _STEP + 1, _STEP) if known else ():
            if start + _STEP <= end or text[start : start + _STEP] not in known:
                continue
            first, last = start, start + _STEP
            while first > end and text[first - 1 : first - 1 + _STEP] in known:
                first -= 1
            while last < len(text) and text[last + 1 - _STEP : last + 1] in known:
                last += 1
            first = found.pop()[0] if first <= end else first
            found.append((first, last))
            end = last
        return [(first, last) for first, last in found if last - first >= PIECE]

    def mask(self, text: bytes, mask: bytes) -> bytes:
        """Return the text with a mask in place of each piece and of the signs in it."""
        pieces = self.find(bare(text))
        if not pieces:
            return text
        parts, place = [], 0
        for start, end in _places(text, pieces):
            parts += [text[place:start], mask]
            place = end
        return b"".join([*parts, text[place:]])


class HashedPieces:
    """Finds the pieces whose hashes are given."""

    def __init__(self, hashes: Iterable[str]) -> None:
        raw = [base64.urlsafe_b64decode(text) for text in hashes]
        self._known = frozenset(
            one[start : start + _HASH_BYTES] for one in raw for start in range(0, len(one), _HASH_BYTES)
        )
        self._begins = frozenset(int.from_bytes(one[:2]) for one in self._known)

    def are_in(self, text: bytes) -> bool:
        """Return whether a bare text holds one of the pieces."""
        begins, crc = self._begins, zlib.crc32
        return bool(begins) and any(
            crc(text[start : start + PIECE]) & 0xFFFF in begins and _hash(text[start : start + PIECE]) in self._known
            for start in range(len(text) - PIECE + 1)
        )


def hash_signature(token: str) -> str:
    """Return the hashes of the pieces of a JWT's signature, by which it is known and cannot be made."""
    signature = bare(token.rpartition(".")[2].encode())
    pieces = (signature[start : start + PIECE] for start in range(0, len(signature) - PIECE + 1, HASHED_STEP))
    return base64.urlsafe_b64encode(b"".join(map(_hash, pieces))).decode()


def _hash(piece: bytes) -> bytes:
    """Hash a piece; the first two bytes are quick to make, and rule out nearly every other text."""
    return (zlib.crc32(piece) & 0xFFFF).to_bytes(2) + hashlib.blake2b(piece, digest_size=_HASH_BYTES - 2).digest()


def _spellings(token: str) -> Iterator[bytes]:
    for raw in (token.encode(), *_json_id(token)):
        yield from (raw, raw[::-1], raw.hex().encode())
        yield from (base64.b64encode(raw[skip:]) for skip in range(3))
        yield from (base64.urlsafe_b64encode(raw[skip:]) for skip in range(3))


def _json_id(token: str) -> Iterator[bytes]:
    """Give the id of a JWT as its payload has it: without it nobody can put the token together."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        yield f'"jti":"{claims["jti"]}"'.encode()
    except (IndexError, ValueError, KeyError, TypeError):
        return


def _places(text: bytes, pieces: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Give where pieces of the bare text stand in the text itself."""
    words = _LETTERS.finditer(text)
    word, passed = next(words), 0

    def place(letter: int) -> int:
        nonlocal word, passed
        while letter >= passed + word.end() - word.start():
            passed += word.end() - word.start()
            word = next(words)
        return word.start() + letter - passed

    for first, last in pieces:
        yield place(first), place(last - 1) + 1
