"""Who is asking, and what they may decide: a bearer token opens one HTTP door of `access.yaml`."""

from service_kit.access import AccessFile, Door
from service_kit.bearer import bearer_of
from starlette.requests import Request

from control_api.errors import Refusal


def open_door(request: Request, access: AccessFile) -> Door:
    """Give the door that a request's token opens.

    Raises:
        Refusal: it has no token, two, or an unknown one.
    """
    given = request.headers.getlist("authorization")
    if len(given) > 1:
        raise Refusal("header", f"the header Authorization is given {len(given)} times")
    token = bearer_of(given[0] if given else None)
    if token is None:
        raise Refusal("token_missing", "no bearer token was sent")
    door = access.current().http_door(token)
    if door is None:
        raise Refusal("token_unknown", "the bearer token is not known")
    return door


def open_deciding_door(request: Request, access: AccessFile) -> Door:
    """Give the door that a request's token opens, where it decides on proposals.

    Raises:
        Refusal: no door is open, or it decides on none.
    """
    door = open_door(request, access)
    if not door.approves:
        raise _not_deciding(f"{door.name} decides on no proposals")
    return door


def check_decides(door: Door, skill: str | None) -> None:
    """Check that a door decides on what a skill proposes.

    Raises:
        Refusal: it decides on other skills.
    """
    if not door.decides(skill):
        raise _not_deciding(f"{door.name} decides on {', '.join(door.approves)}, not on what {skill} proposes")


def _not_deciding(message: str) -> Refusal:
    return Refusal("door", message, remedy="Name the skill under `approves` of the door in access.yaml.")
