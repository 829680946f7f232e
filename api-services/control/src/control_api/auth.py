"""Who is asking: a bearer token opens one HTTP door of `access.yaml`."""

from service_kit.access import AccessFile, Door
from service_kit.bearer import bearer_of
from starlette.requests import Request

from control_api.errors import Refusal


class HttpDoors:
    """The HTTP doors of this control."""

    def __init__(self, access: AccessFile) -> None:
        self._access = access

    def open(self, request: Request) -> Door:
        """Give the door that a request's token opens.

        Raises:
            Refusal: it has no token, two, or an unknown one.
        """
        given = request.headers.getlist("authorization")
        if len(given) > 1:
            message = f"the header Authorization is given {len(given)} times"
            raise Refusal(400, "header", message, "Send it once.")
        token = bearer_of(given[0] if given else None)
        if token is None:
            raise Refusal(401, "token_missing", "no bearer token was sent", "Send Authorization: Bearer TOKEN.")
        door = self._access.current().http_door(token)
        if door is None:
            raise Refusal(
                401, "token_unknown", "the bearer token is not known", "Use a token listed under http in access.yaml."
            )
        return door
