"""GitHub's refusals: status, message, documentation address and field errors as its REST API words them."""

import time
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request

from stand_ins.github import limits
from stand_ins.github.headers import dressing
from stand_ins.kit import refusal as kit
from stand_ins.kit.rate_limits import Window

DOCS = "https://docs.github.com/rest"
RATE_DOCS = f"{DOCS}/overview/rate-limits-for-the-rest-api"
SECONDARY_DOCS = f"{DOCS}/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits"


class Refusal(kit.Refusal):
    """An answer other than the one asked for, in GitHub's shape."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        docs: str = DOCS,
        errors: Sequence[dict[str, Any] | str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        listed = {} if errors is None else {"errors": list(errors)}
        body = {"message": message} | listed | {"documentation_url": docs, "status": str(status)}
        super().__init__(status, body, headers)


class GitHubErrors:
    """What the kit says in GitHub's words."""

    def unknown_route(self, request: Request) -> kit.Refusal:
        """Say 404, as GitHub does for an unknown path and for another method too."""
        refusal = not_found()
        refusal.headers |= dressing(request)
        return refusal

    def server_error(self, status: int) -> kit.Refusal:
        """Say that GitHub failed."""
        return kit.Refusal(status, {"message": "Server Error", "status": str(status)})

    def rate_limited(self, seconds: float, status: int | None = None) -> kit.Refusal:
        """Say that the primary limit is used up, with the headers that tell so."""
        refusal = rate_limited(1, status or 403)
        refusal.headers = limits.headers(Window(5000, 5000, int(time.time() + seconds)), "core")
        return refusal


def not_found(docs: str = DOCS) -> Refusal:
    """Say 404, for what is not there and for what the caller may not know of."""
    return Refusal(404, "Not Found", docs=docs)


def bad_credentials() -> Refusal:
    """Say 401 to an unknown token."""
    return Refusal(401, "Bad credentials")


def requires_authentication(docs: str = DOCS) -> Refusal:
    """Say 401 to a caller without any token."""
    return Refusal(401, "Requires authentication", docs=docs)


def no_account(docs: str) -> Refusal:
    """Say 403 to an app's token that asks for what only an account has."""
    return Refusal(403, "Resource not accessible by integration", docs=docs)


def not_accessible(docs: str, accepted: str) -> Refusal:
    """Say 403 to a token that is narrower than its account."""
    return Refusal(
        403,
        "Resource not accessible by personal access token",
        docs=docs,
        headers={"X-Accepted-GitHub-Permissions": accepted},
    )


def must_have_admin_rights(docs: str) -> Refusal:
    """Say 403 to an account without push access: these are GitHub's words for it."""
    return Refusal(403, "Must have admin rights to Repository.", docs=docs)


def no_label_creation(docs: str) -> Refusal:
    """Say 403 to an account that may apply labels but not make them."""
    error = {"resource": "Repository", "field": "label", "code": "unauthorized"}
    return Refusal(403, "You do not have permission to create labels on this repository.", docs=docs, errors=[error])


def gone(message: str, docs: str) -> Refusal:
    """Say 410: deleted, or switched off."""
    return Refusal(410, message, docs=docs)


def validation_failed(docs: str, *errors: dict[str, Any]) -> Refusal:
    """Say 422 with one entry per wrong field."""
    return Refusal(422, "Validation Failed", docs=docs, errors=list(errors))


def unprocessable(docs: str, *words: str) -> Refusal:
    """Say 422 in sentences, as newer operations do."""
    return Refusal(422, "Unprocessable Entity", docs=docs, errors=words)


def invalid_request(docs: str, detail: str) -> Refusal:
    """Say 422 to a body that does not have the documented form."""
    return Refusal(422, f"Invalid request.\n\n{detail}", docs=docs)


def rate_limited(user_id: int | None, status: int = 403) -> Refusal:
    """Say 403: the primary limit is used up until the reset."""
    whom = "your address; authenticated requests get a higher limit" if user_id is None else f"user ID {user_id}"
    return Refusal(status, f"API rate limit exceeded for {whom}.", docs=RATE_DOCS)


def secondary_limited(retry_after: int | None, status: int = 403) -> Refusal:
    """Say 403 (or 429): too many requests at a time. GitHub does not always say for how long."""
    return Refusal(
        status,
        "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
        docs=SECONDARY_DOCS,
        headers={} if retry_after is None else {"Retry-After": str(retry_after)},
    )


def single_sign_on(organization: str) -> Refusal:
    """Say 403 to a token that is not authorized for an organization with SAML single sign-on."""
    url = f"https://github.com/orgs/{organization}/sso?authorization_request=AAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    return Refusal(
        403,
        "Resource protected by organization SAML enforcement. "
        "You must grant your Personal Access token access to this organization.",
        docs="https://docs.github.com/articles/authenticating-to-a-github-organization-with-saml-single-sign-on/",
        headers={"X-GitHub-SSO": f"required; url={url}"},
    )


def access_blocked(reason: str, status: int) -> kit.Refusal:
    """Say 451 (or 403, for the terms of service): GitHub took the repository down. The body has no status."""
    where = "https://github.com/github/dmca/blob/master/2021/04/2021-04-20-example.md"
    block = {"reason": reason, "created_at": "2021-04-22T17:53:56Z", "html_url": where}
    return kit.Refusal(status, {"message": "Repository access blocked", "block": block})
