"""What a gateway or a vendor refuses is told to the model in sentences: what is wrong, then what to do."""

import json

import httpx
import pytest
from mcp_kit.error_messages import fill_in
from mcp_kit.gateway import REASON, refused
from mcp_kit.reply import render_error
from service_kit.http import Reply

REMEDY = "Name its token under `tenants` in GITHUB_UPSTREAM_TOKENS_FILE."


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("tenant 'acme' has no credential for github", "tenant 'acme' has no credential for github."),
        ("a sentence already.", "a sentence already."),
        ("is it one?", "is it one?"),
        ("x" * 400, "x…"),
    ],
)
def test_message_and_remedy_are_sentences(message: str, told: str) -> None:
    """However the gateway's message ends, it is one sentence and the remedy the next."""
    body = json.dumps({"message": message, "reason": "credential", "remedy": REMEDY}).encode()
    error = refused(Reply(403, httpx.Headers({REASON: "credential"}), body))
    assert error is not None
    first, second = render_error(error, nonce="n").splitlines()
    assert first.endswith(told)
    assert second == REMEDY


def test_a_refusal_that_a_proxy_changed_is_still_one() -> None:
    """Where a proxy put a page in place of the gateway's words, the call is refused all the same."""
    error = refused(Reply(403, httpx.Headers({REASON: "credential"}), b"<html>Forbidden</html>"))
    assert error is not None
    assert "The gateway refused this." in render_error(error, nonce="n")


def test_a_target_stands_behind_no_without_its_article() -> None:
    """An article that a target begins with is said elsewhere, and not behind `no`."""
    meaning = ("{vendor} knows no {target} ({status}).", "Look for {target}.")
    failure = fill_in(meaning, target="the team a", vendor="Corkboard", token="T", status=404)
    assert (failure.message, failure.next_step) == ("Corkboard knows no team a (404).", "Look for the team a.")
