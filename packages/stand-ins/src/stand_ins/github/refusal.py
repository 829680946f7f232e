"""GitHub's refusals: status, message, documentation address and field errors as its REST API words them."""

from typing import Any

DOCS = "https://docs.github.com/rest"
RATE_DOCS = f"{DOCS}/overview/rate-limits-for-the-rest-api"
SECONDARY_DOCS = f"{DOCS}/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits"


class Refusal(Exception):
    """An answer other than the one asked for, in GitHub's shape."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        docs: str = DOCS,
        errors: list[dict[str, Any]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.body: dict[str, Any] = {"message": message}
        if errors is not None:
            self.body["errors"] = errors
        self.body |= {"documentation_url": docs, "status": str(status)}


def not_found(docs: str = DOCS) -> Refusal:
    """Say 404, for what is not there and for what the caller may not know of."""
    return Refusal(404, "Not Found", docs=docs)


def bad_credentials() -> Refusal:
    """Say 401 to an unknown token."""
    return Refusal(401, "Bad credentials")


def requires_authentication(docs: str = DOCS) -> Refusal:
    """Say 401 to a caller without any token."""
    return Refusal(401, "Requires authentication", docs=docs)


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


def invalid_request(docs: str, detail: str) -> Refusal:
    """Say 422 to a body that does not have the documented form."""
    return Refusal(422, f"Invalid request.\n\n{detail}", docs=docs)


def rate_limited(user_id: int | None) -> Refusal:
    """Say 403: the primary limit is used up until the reset."""
    whom = "your address; authenticated requests get a higher limit" if user_id is None else f"user ID {user_id}"
    return Refusal(403, f"API rate limit exceeded for {whom}.", docs=RATE_DOCS)


def secondary_limited(retry_after: int, status: int = 403) -> Refusal:
    """Say 403 (or 429): too many requests at a time."""
    return Refusal(
        status,
        "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
        docs=SECONDARY_DOCS,
        headers={"Retry-After": str(retry_after)},
    )
