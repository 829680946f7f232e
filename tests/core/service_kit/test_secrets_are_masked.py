"""Known shapes of secrets are masked wherever they stand, and a run's tokens in pieces and in other spellings too."""

import base64
import json
import re
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st
from service_kit.log import configure, get_logger
from service_kit.redact import MASK, Masker, redact
from service_kit.token_pieces import PIECE, HashedPieces, bare, hash_signature

ID = secrets.token_urlsafe(16)
CLAIMS = json.dumps({"iss": "agent-engine", "jti": ID}).encode()
TOKEN = ".".join(
    ["eyJhbGciOiJFZERTQSJ9", base64.urlsafe_b64encode(CLAIMS).decode().rstrip("="), secrets.token_urlsafe(64)]
)
SIGNATURE = TOKEN.rpartition(".")[2]
MASKER = Masker([TOKEN, "short-one"])
FORMS: dict[str, bytes] = {
    "whole": TOKEN.encode(),
    "its signature": SIGNATURE.encode(),
    "a piece": SIGNATURE[5 : 5 + PIECE + 4].encode(),
    "in lines": "\n".join(SIGNATURE[start : start + 5] for start in range(0, 80, 5)).encode(),
    "reversed": SIGNATURE[::-1].encode(),
    "upper case": SIGNATURE.upper().encode(),
    "hex": SIGNATURE.encode().hex().encode(),
    "base64": base64.b64encode(f"x{SIGNATURE}".encode()),
    "UTF-16": SIGNATURE.encode("utf-16-le"),
    "with control characters": "\0".join(SIGNATURE).encode(),
    "beside a byte that is not UTF-8": b"\xff" + TOKEN.encode() + b"\xfe",
    "its id as JSON": json.dumps({"jti": ID}).encode(),
}
PART = "[A-Za-z0-9_-]{8,}"
JWT = re.compile(rf"eyJ{PART}\.{PART}\.{PART}")
"""What is looked for, written plainly: it takes the square of a text's length."""
PIECES = st.sampled_from(["eyJ", ".", "eyJhbGciOi", "payload-_9", "a", " ", "é"])


@given(st.lists(PIECES, max_size=40).map("".join))
def test_every_token_is_masked(text: str) -> None:
    """A JWT is masked inside of a longer word too, and nothing else is."""
    assert (MASK in redact(text)) == (JWT.search(text) is not None)
    assert JWT.search(redact(text)) is None


@pytest.mark.parametrize("form", FORMS)
def test_a_runs_token_is_masked_in_bytes(form: str) -> None:
    """Whatever stands around a token, and however it is spelled, no piece of it is left, and the rest stays."""
    masked = MASKER.mask_bytes(b"\xc3\xa9\xff, " + FORMS[form] + b" . \xed\xa0\x80")
    assert masked.startswith(b"\xc3\xa9\xff, ")
    assert masked.endswith(b". \xed\xa0\x80")
    assert MASK.encode() in masked
    assert not MASKER.has_pieces(masked)


def test_no_line_of_a_log_holds_a_token(capsys: pytest.CaptureFixture[str]) -> None:
    """A token is masked in an error, in a name and in what a log writes as text in the end, too."""
    configure("sample")
    fields = {"error": ValueError(TOKEN), TOKEN: 1, "nested": [{TOKEN: {TOKEN}}], "raw": TOKEN.encode()}
    get_logger("sample").info("told", number=1, **fields)
    (line,) = capsys.readouterr().err.splitlines()
    assert TOKEN not in line
    assert (json.loads(line)["number"], json.loads(line)["error"]) == (1, MASK)


@given(st.binary(max_size=300))
def test_bytes_without_secrets_stay(content: bytes) -> None:
    """What holds no secret is kept byte for byte, text or not."""
    assert MASKER.mask_bytes(content) == content


@given(st.text(max_size=40), st.integers(0, 50), st.integers(PIECE + 3, 40), st.text(max_size=40))
def test_a_signature_is_known_by_its_hashes(before: str, start: int, length: int, after: str) -> None:
    """Of 19 letters and digits of a signature in a row one piece is known to whoever has the hashes alone."""
    known = HashedPieces([hash_signature(TOKEN)])
    letters = bare(SIGNATURE.encode())
    text = (
        bare(before.encode("utf-8", "replace"))
        + letters[start : start + length]
        + bare(after.encode("utf-8", "replace"))
    )
    assert known.are_in(text)
    assert not known.are_in(bare(TOKEN.rpartition(".")[0].encode()))
    assert not HashedPieces(()).are_in(text)
