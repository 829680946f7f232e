"""Web addresses are shown where they are nothing but an address."""

import pytest
from github_mcp.models.addresses import plain_address


@pytest.mark.parametrize(
    ("url", "is_shown"),
    [
        ("https://github.com/o/r/releases/tag/%40scope/pkg%401.0.0", True),
        ("https://github.com/o/r/tree/feature/%C3%BC", True),
        ("https://github.com/o/r/compare/a...b+c,d=e", True),
        ("https://github.com/o/r/tree/a b", False),
        ("https://github.com/o/r/tree/%zz", False),
        ("javascript:alert(1)", False),
        (None, False),
    ],
)
def test_an_address_is_shown_or_left_out(url: str | None, is_shown: bool) -> None:
    """Percent signs stand before two hexadecimal digits alone; blanks and other schemes are none of an address."""
    assert plain_address(url) == (url if is_shown else "")
