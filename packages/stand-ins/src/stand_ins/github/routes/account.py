"""Operations on the caller itself, its limits, and repositories."""

from starlette.responses import JSONResponse, Response

from stand_ins.github.ask import Ask, Operation
from stand_ins.github.limits import LIMITS
from stand_ins.github.refusal import no_account
from stand_ins.github.shapes.account import private_user
from stand_ins.github.shapes.repository import full_repository
from stand_ins.kit.rate_limits import Window


async def get_user(ask: Ask) -> Response:
    """Describe the caller's account; 401 without a token, 403 with an app's."""
    if ask.token is not None and ask.token.installation:
        raise no_account(ask.docs)
    return JSONResponse(private_user(ask.me, ask.base))


async def get_rate_limit(ask: Ask) -> Response:
    """Tell the caller's limits; asking costs nothing."""
    login = ask.user.login if ask.user else ""
    resources = {name: _window(ask.stand_in.limits.window(login, name), name) for name in LIMITS}
    return JSONResponse({"resources": resources, "rate": resources["core"]})


async def get_repository(ask: Ask) -> Response:
    """Describe a repository."""
    return JSONResponse(full_repository(ask.repository, ask.base, ask.role))


def _window(window: Window, resource: str) -> dict[str, int | str]:
    return {
        "limit": window.limit,
        "used": window.used,
        "remaining": window.remaining,
        "reset": window.reset,
        "resource": resource,
    }


OPERATIONS = (
    Operation("GET", "/user", get_user, "users/users#get-the-authenticated-user", of_repository=False),
    Operation(
        "GET",
        "/rate_limit",
        get_rate_limit,
        "rate-limit/rate-limit#get-rate-limit-status-for-the-authenticated-user",
        of_repository=False,
        tier=None,
    ),
    Operation("GET", "", get_repository, "repos/repos#get-a-repository"),
)
