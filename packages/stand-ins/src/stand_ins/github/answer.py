"""Turns operations into endpoints: credentials, limits, refusals, ETags and GitHub's headers around each."""

import hashlib
from collections.abc import Awaitable, Callable, Iterable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from stand_ins.github import limits
from stand_ins.github.ask import Ask, Operation
from stand_ins.github.headers import API_VERSIONS, JSON, dressing
from stand_ins.github.refusal import DOCS, Refusal, rate_limited
from stand_ins.github.stand_in import StandIn
from stand_ins.kit.rate_limits import Window
from stand_ins.kit.refusal import respond

NO_USER_AGENT = (
    "\r\nRequest forbidden by administrative rules. Please make sure your request has a User-Agent header.\r\n"
)


def routes_of(operations: Iterable[Operation], stand_in: StandIn) -> list[Route]:
    """Make the routes; an operation of a repository is served by its name and by its id."""
    routes = []
    for operation in operations:
        paths = [operation.path]
        if operation.of_repository:
            paths = [
                f"{root}{operation.path}" for root in ("/repos/{owner}/{repo}", "/repositories/{repository_id:int}")
            ]
        routes += [Route(path, _endpoint(operation, stand_in), methods=[operation.method]) for path in paths]
    return routes


def _endpoint(operation: Operation, stand_in: StandIn) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        if "user-agent" not in request.headers:
            return Response(NO_USER_AGENT, status_code=403, media_type="text/html")
        ask = Ask(stand_in, request, operation)
        try:
            response = await _run(ask)
        except Refusal as refusal:
            response = await respond(request, refusal)
        response = _unless_known(response, ask)
        if ask.known:
            window = _window(ask)
            if operation.tier is not None and response.status_code != 304:
                window.take()
            response.headers.update(limits.headers(window, operation.tier or "core"))
        return _dress(response, request)

    return answer


async def _run(ask: Ask) -> Response:
    version = ask.request.headers.get("x-github-api-version", API_VERSIONS[0])
    if version not in API_VERSIONS:
        raise Refusal(400, f"{version!r} is not a supported REST API version: {', '.join(API_VERSIONS)}", docs=DOCS)
    ask.authenticate()
    if ask.operation.tier is not None and not _window(ask).remaining:
        raise rate_limited(ask.user.id if ask.user else None)
    ask.admit()
    return await ask.operation.run(ask)


def _window(ask: Ask) -> Window:
    return ask.stand_in.limits.window(ask.user.login if ask.user else "", ask.operation.tier or "core")


def _unless_known(response: Response, ask: Ask) -> Response:
    """Give the reply its ETag, which differs by token, or say 304 when the caller knows it already."""
    if response.status_code != 200 or ask.operation.write:
        return response
    secret = ask.token.value if ask.token else ""
    kind = response.headers.get("content-type", "")
    digest = hashlib.sha256(b"\0".join([secret.encode(), kind.encode(), bytes(response.body)])).hexdigest()
    etag = f'W/"{digest}"'
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = f"{'private' if ask.token else 'public'}, max-age=60, s-maxage=60"
    asked = {one.strip().removeprefix("W/") for one in ask.request.headers.get("if-none-match", "").split(",")}
    if f'"{digest}"' not in asked:
        return response
    kept = {key: response.headers[key] for key in ("etag", "cache-control")}
    return Response(status_code=304, headers=kept)


def _dress(response: Response, request: Request) -> Response:
    response.headers.update(dressing(request))
    if response.headers.get("content-type") == "application/json":
        response.headers["Content-Type"] = JSON
    return response
