"""Known shapes of secrets are masked wherever they stand."""

import re

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
