"""The headers that GitHub sets in every reply, whatever it says."""

import uuid

from starlette.requests import Request

API_VERSIONS = ("2022-11-28",)
VARY = "Accept, Authorization, Cookie, X-GitHub-OTP"
JSON = "application/json; charset=utf-8"


def dressing(request: Request) -> dict[str, str]:
    """Return media type, id, version and what the reply varies by."""
    wanted = request.headers.get("accept", "")
    media = next((one.split("+")[0].strip() for one in wanted.split(",") if "vnd.github." in one), "")
    param = media.removeprefix("application/vnd.github.").removeprefix("v3.")
    shown = f"github.v3; param={param}" if param in {"raw", "diff", "patch", "object"} else "github.v3; format=json"
    return {
        "X-GitHub-Media-Type": shown,
        "X-GitHub-Request-Id": ":".join(uuid.uuid4().hex.upper()[at : at + 6] for at in range(0, 30, 6)),
        "X-GitHub-Api-Version-Selected": API_VERSIONS[0],
        "Vary": VARY,
    }
