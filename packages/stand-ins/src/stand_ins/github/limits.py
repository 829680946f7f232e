"""GitHub's primary rate limits, and the headers that tell them in every reply."""

from stand_ins.kit.rate_limits import Quota, Window

LIMITS = {"core": 5000, "search": 30, "code_search": 10, "graphql": 5000}
ANONYMOUS_LIMITS = {"core": 60, "search": 10, "code_search": 0, "graphql": 0}
SECONDS = {"core": 3600, "search": 60, "code_search": 60, "graphql": 3600}


def quota(caller: str, resource: str) -> Quota:
    """Return what a caller has of a resource; a caller is a login, or "" without a token."""
    return Quota((LIMITS if caller else ANONYMOUS_LIMITS)[resource], SECONDS[resource])


def headers(window: Window, resource: str) -> dict[str, str]:
    """Return the x-ratelimit headers."""
    return {
        "X-RateLimit-Limit": str(window.limit),
        "X-RateLimit-Remaining": str(window.remaining),
        "X-RateLimit-Reset": str(window.reset),
        "X-RateLimit-Used": str(window.used),
        "X-RateLimit-Resource": resource,
    }
