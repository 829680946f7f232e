"""Known shapes of secrets are masked wherever they stand, in a time that grows with the text's length alone."""

import re

import pytest
from fixtures.cpu import least_seconds
from hypothesis import given
from hypothesis import strategies as st
from service_kit.redact import MASK, redact

PART = "[A-Za-z0-9_-]{8,}"
JWT = re.compile(rf"eyJ{PART}\.{PART}\.{PART}")
"""What is looked for, written plainly: it takes the square of a text's length."""
PIECES = st.sampled_from(["eyJ", ".", "eyJhbGciOi", "payload-_9", "a", " ", "é"])


@given(st.lists(PIECES, max_size=40).map("".join))
def test_every_token_is_masked(text: str) -> None:
    """A JWT is masked inside of a longer word too, and nothing else is."""
    assert (MASK in redact(text)) == (JWT.search(text) is not None)
    assert JWT.search(redact(text)) is None


@pytest.mark.parametrize(
    "piece", ["eyJ", "eyJ.", "aeyJ_", "sk-", "ghp_", "://a:", "Bearer ", "-----BEGIN ", "-----END "]
)
def test_time_grows_with_the_length_alone(piece: str) -> None:
    """A hostile text of eight times the length takes nowhere near the square of that."""

    def seconds(length: int) -> float:
        text = piece * (length // len(piece))
        return least_seconds(lambda: redact(text))

    assert seconds(80_000) < 30 * max(seconds(10_000), 0.0005)
