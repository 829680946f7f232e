"""GitHub's events: the header that names one is not signed, so no body may have the shapes of two."""

from itertools import combinations

import pytest
from control_api.sources.github import SHAPES, identity
from fixtures.control import payload


@pytest.mark.parametrize(("first", "second"), list(combinations(SHAPES, 2)))
def test_no_body_has_two_shapes(first: str, second: str) -> None:
    """Of any two events, one has a key that the other never has."""
    (required, forbidden), (others, other_forbidden) = SHAPES[first], SHAPES[second]
    assert required & other_forbidden or others & forbidden


def test_an_app_s_hook_sends_the_same_event() -> None:
    """Only `installation` and the order of keys may differ; any other difference is another event."""
    body = payload()
    assert identity(dict(reversed(body.items())) | {"installation": {"id": 1}}) == identity(body)
    assert identity(body | {"action": "closed"}) != identity(body)
