"""Operations of an App: itself, and a token of its installation."""

from starlette.responses import JSONResponse, Response

from stand_ins.github.ask import Ask, Operation
from stand_ins.github.refusal import Refusal, not_found
from stand_ins.github.shapes.account import stamp
from stand_ins.github.shapes.app import PERMISSIONS, app_json


async def get_app(ask: Ask) -> Response:
    """Describe the App whose JWT this is."""
    return JSONResponse(app_json(ask.app, ask.world.user(ask.stand_in.account), ask.base))


async def make_token(ask: Ask) -> Response:
    """Make a token of the App's installation."""
    if ask.request.path_params["installation_id"] != ask.app.installation:
        raise not_found(ask.docs)
    if ask.app.suspended:
        raise Refusal(403, "This installation has been suspended", docs=ask.docs)
    value, end = ask.app.make_token(ask.world.clock())
    token = ask.world.add_token(value, ask.app.login)
    token.installation, token.expires_at = True, end
    shape = {"token": value, "expires_at": stamp(end), "permissions": PERMISSIONS, "repository_selection": "all"}
    return JSONResponse(shape, status_code=201)


APPS = "apps/apps"
OPERATIONS = (
    Operation("GET", "/app", get_app, f"{APPS}#get-the-authenticated-app", of_repository=False, tier=None, of_app=True),
    Operation(
        "POST",
        "/app/installations/{installation_id:int}/access_tokens",
        make_token,
        f"{APPS}#create-an-installation-access-token-for-an-app",
        of_repository=False,
        tier=None,
        of_app=True,
    ),
)
