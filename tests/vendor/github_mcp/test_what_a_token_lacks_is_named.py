"""GitHub's words and headers name what a value or a token lacks; none of them is lost for its shape."""

import json
from typing import Any

import httpx
import pytest
from github_mcp.graphql_answer import Answer
from mcp_kit.errors import Quoted
from service_kit.http import Reply
from vendor.github_mcp.refusals import explained


@pytest.mark.parametrize(
    ("errors", "shown", "quoted"),
    [
        ([{"field": None, "code": "custom", "message": "No commits"}], "see GitHub's words", "No commits"),
        ([{"field": "inputs.environment-name", "code": "invalid"}], "inputs.environment-name invalid", None),
        ("Sha is already taken", "see GitHub's words", "Sha is already taken"),
        ([7, {"field": "name", "code": ["x"]}], "name invalid", None),
        ([{"resource": "Release"}], "see GitHub's words", "Broken"),
        (None, "see GitHub's words", "Broken"),
    ],
)
def test_a_refused_value_keeps_githubs_words_whatever_its_shape(errors: Any, shown: str, quoted: str | None) -> None:
    """One entry of an odd shape takes nothing from the others, and the message stands where none says anything."""
    body = json.dumps({"message": "Broken", "errors": errors}).encode()
    error = explained(Reply(422, httpx.Headers(), body), "it")
    assert error.message == f"GitHub does not accept this for it (422): {shown}."
    assert (error.quoted and error.quoted.text) == quoted


@pytest.mark.parametrize(
    ("status", "headers", "message", "says"),
    [
        (
            403,
            {"x-oauth-scopes": "gist", "x-accepted-oauth-scopes": "repo, public_repo"},
            "No.",
            "none of the scopes repo, public_repo",
        ),
        (404, {"x-oauth-scopes": "", "x-accepted-oauth-scopes": "repo"}, "Not Found", "none of the scopes repo"),
        (404, {"x-oauth-scopes": "repo", "x-accepted-oauth-scopes": "repo"}, "Not Found", "Check the name and number"),
        (403, {}, "the `o` organization has an IP allow list enabled", "list of allowed addresses"),
        (403, {}, "`o` forbids access via a personal access token (classic).", "takes no classic token"),
        (422, {}, "refusing to allow a token to update workflow `a.yml` without `workflow` scope", "scope workflow"),
        (
            403,
            {"x-accepted-github-permissions": "issues=write; allows_permissionless_access=true"},
            "Resource not accessible by personal access token",
            "lacks a permission for it: issues=write (403)",
        ),
    ],
)
def test_what_the_token_lacks_is_named(status: int, headers: dict[str, str], message: str, says: str) -> None:
    """Scopes, permissions, and an organization's rules, each by GitHub's own words or headers."""
    error = explained(Reply(status, httpx.Headers(headers), json.dumps({"message": message}).encode()), "it")
    assert says in f"{error.message} {error.next_step}"


def test_a_refused_merge_says_why_in_githubs_words() -> None:
    """GitHub's message names the rule that forbids it."""
    words = "Squash merges are not allowed on this repository."
    error = explained(Reply(405, httpx.Headers(), json.dumps({"message": words}).encode()), "it")
    assert error.message == "GitHub does not merge it (405)."
    assert error.quoted == Quoted("GitHub's own words", words)


@pytest.mark.parametrize(
    ("error", "note"),
    [
        (
            {
                "type": "INSUFFICIENT_SCOPES",
                "message": "Your token has not been granted the required scopes to execute this query. "
                "The 'email' field requires one of the following scopes: ['user:email', 'read:user'], but your token "
                "has only been granted the: ['repo'] scopes. Please modify your token's scopes at: https://github.com/settings/tokens.",
            },
            "GitHub left out email: the token has none of the scopes user:email, read:user.",
        ),
        (
            {"type": "INSUFFICIENT_SCOPES", "message": "No.", "path": ["a", 0, "email"]},
            "GitHub left out email: the token lacks a scope.",
        ),
        ({"type": "FORBIDDEN", "path": ["a", "teams"]}, "GitHub left out teams: the token lacks the permission."),
        ({"type": "SOMETHING", "message": "No."}, "GitHub left out a part: it failed."),
    ],
)
def test_a_part_that_is_missing_is_told_with_its_cause(error: dict[str, Any], note: str) -> None:
    """Of an answer that has the rest, each part that GitHub left out is named, with the scopes that would do."""
    answer = Answer.model_validate({"data": {"repository": {}}, "errors": [error, error]})
    assert answer.notes == [note]
