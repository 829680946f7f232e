"""The stand-in's own controls under /_stand-in/: what people and GitHub's operators do, and what tests look at."""

from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from stand_ins.github.controls import Controls
from stand_ins.github.faults import ADMIN, Fault
from stand_ins.github.records import Issue, Repository
from stand_ins.github.seed import (
    DescribedComment,
    DescribedIssue,
    DescribedRepository,
    add_issue,
    add_repository,
    role_of,
)
from stand_ins.github.shapes.account import stamp
from stand_ins.github.shapes.issue import comment_json, issue_json
from stand_ins.github.shapes.repository import repository_json
from stand_ins.github.webhook import Hook


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewIssue(DescribedIssue):
    """An issue that somebody opens."""

    repository: str


class NewComment(DescribedComment):
    """A comment that somebody writes."""

    repository: str
    issue: int


class Rename(_Order):
    """A repository's new name."""

    repository: str
    to: str


class Permission(_Order):
    """What an account may do in a repository; the operator's account unless told."""

    repository: str
    role: str
    login: str | None = None


class TokenLimits(_Order):
    """What the operator's token is narrowed to: {"issues": "read"}."""

    limits: dict[str, str]


class Rate(_Order):
    """A rate limit window to set; of the operator's account unless told."""

    remaining: int
    resource: str = "core"
    limit: int | None = None
    reset_in: int | None = None
    login: str | None = None


class NewHook(_Order):
    """Where webhooks go from now on."""

    url: str | None
    secret: str | None = None
    events: list[str] = ["*"]
    ping: str | None = None


def routes(controls: Controls) -> list[Route]:
    """Make the routes."""
    orders = _Orders(controls)
    table: list[tuple[str, str, Callable[[Request], Awaitable[Response]]]] = [
        ("GET", "state", orders.state),
        ("GET", "requests", orders.requests),
        ("POST", "issues", orders.open_issue),
        ("POST", "comments", orders.comment),
        ("POST", "repositories", orders.add_repository),
        ("POST", "renames", orders.rename),
        ("PUT", "permissions", orders.permit),
        ("PUT", "token", orders.limit_token),
        ("PUT", "rate", orders.set_rate),
        ("PUT", "hook", orders.set_hook),
        ("GET", "deliveries", orders.deliveries),
        ("POST", "deliveries/{id:int}/redeliver", orders.redeliver),
        ("GET", "faults", orders.faults),
        ("POST", "faults", orders.add_fault),
        ("DELETE", "faults", orders.clear_faults),
        ("POST", "reset", orders.reset),
    ]
    return [Route(f"{ADMIN}{path}", _refusing(run), methods=[method]) for method, path, run in table]


def _refusing(run: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            return await run(request)
        except ValidationError as error:
            problems = [{"at": list(one["loc"]), "message": one["msg"]} for one in error.errors(include_url=False)]
            return JSONResponse({"error": "the order is not understood", "problems": problems}, status_code=422)
        except (ValueError, KeyError) as error:
            return JSONResponse({"error": str(error.args[0])}, status_code=422)

    return endpoint


class _Orders:
    def __init__(self, controls: Controls) -> None:
        self._controls = controls

    async def state(self, request: Request) -> Response:
        """Show everything, or one repository (`?repository=`), or one issue of it (`&issue=`)."""
        world = self._controls.stand_in.world
        wanted, number = request.query_params.get("repository"), request.query_params.get("issue")
        if wanted and number:
            repository = self._repository(wanted)
            found = repository.issues.get(int(number))
            if found is None:
                raise ValueError(f"{wanted} has no issue {number}")
            return JSONResponse(_issue_state(found))
        repositories = [self._repository(wanted)] if wanted else list(world.repositories.values())
        return JSONResponse(
            {
                "account": self._controls.stand_in.account,
                "repositories": {one.full_name: _repository_state(one) for one in repositories},
            }
        )

    async def requests(self, _: Request) -> Response:
        """Show what was asked, oldest first, without credentials."""
        return JSONResponse(list(self._controls.log.entries))

    async def open_issue(self, request: Request) -> Response:
        """Open an issue as somebody, and send the webhook."""
        order = NewIssue.model_validate_json(await request.body())
        stand_in, repository = self._controls.stand_in, self._repository(order.repository)
        issue = add_issue(stand_in.world, repository, order)
        base = self._base(request)
        stand_in.announce_issue("opened", issue, repository, issue.user, base)
        stand_in.announce_labels([], issue, repository, issue.user, base)
        return JSONResponse(issue_json(issue, repository, stand_in.world, base), status_code=201)

    async def comment(self, request: Request) -> Response:
        """Comment on an issue as somebody, and send the webhook."""
        order = NewComment.model_validate_json(await request.body())
        stand_in, repository = self._controls.stand_in, self._repository(order.repository)
        issue = repository.issues.get(order.issue)
        if issue is None:
            raise ValueError(f"{order.repository} has no issue {order.issue}")
        user = stand_in.world.user(order.user)
        comment = stand_in.world.add_comment(issue, body=order.body, user=user, at=order.at)
        base = self._base(request)
        stand_in.announce_comment("created", comment, issue, repository, user, base)
        return JSONResponse(comment_json(comment, issue, repository, stand_in.world, base), status_code=201)

    async def add_repository(self, request: Request) -> Response:
        """Make a repository with labels, issues, pull requests and files."""
        order = DescribedRepository.model_validate_json(await request.body())
        made = add_repository(self._controls.stand_in.world, order, self._controls.stand_in.account)
        return JSONResponse(repository_json(made, self._base(request)), status_code=201)

    async def rename(self, request: Request) -> Response:
        """Rename a repository; its old address redirects."""
        order = Rename.model_validate_json(await request.body())
        self._controls.stand_in.world.rename(self._repository(order.repository), order.to)
        return Response(status_code=204)

    async def permit(self, request: Request) -> Response:
        """Set what an account may do in a repository."""
        order = Permission.model_validate_json(await request.body())
        login = order.login or self._controls.stand_in.account
        self._controls.stand_in.world.user(login)
        self._repository(order.repository).roles[login.lower()] = role_of(order.role)
        return Response(status_code=204)

    async def limit_token(self, request: Request) -> Response:
        """Narrow the operator's token, as a fine-grained one is."""
        order = TokenLimits.model_validate_json(await request.body())
        stand_in = self._controls.stand_in
        for token in stand_in.world.tokens.values():
            if token.login == stand_in.account:
                token.limits = order.limits
        return Response(status_code=204)

    async def set_rate(self, request: Request) -> Response:
        """Set a rate limit window."""
        order = Rate.model_validate_json(await request.body())
        login = self._controls.stand_in.account if order.login is None else order.login
        limits = self._controls.stand_in.limits
        limits.set(login, order.resource, limit=order.limit, remaining=order.remaining, reset_in=order.reset_in)
        return Response(status_code=204)

    async def set_hook(self, request: Request) -> Response:
        """Say where webhooks go; `ping` names a repository whose hook greets."""
        order = NewHook.model_validate_json(await request.body())
        stand_in = self._controls.stand_in
        hook = Hook(order.url, order.secret, frozenset(order.events)) if order.url else None
        stand_in.deliveries.hook = hook
        if order.ping is not None:
            repository = self._repository(order.ping)
            stand_in.announce_ping(repository, repository.owner, self._base(request))
        return Response(status_code=204)

    async def deliveries(self, request: Request) -> Response:
        """Show the log of deliveries, once those on their way have ended if `?settled=true`."""
        deliveries = self._controls.stand_in.deliveries
        if request.query_params.get("settled") == "true":
            await deliveries.settled()
        return JSONResponse([one.shown() for one in deliveries.log.values()])

    async def redeliver(self, request: Request) -> Response:
        """Send a delivery again, under the same GUID."""
        wanted = request.path_params["id"]
        if wanted not in self._controls.stand_in.deliveries.log:
            raise ValueError(f"there is no delivery {wanted}")
        again = self._controls.stand_in.deliveries.redeliver(wanted)
        return JSONResponse({"id": again.id, "guid": again.guid}, status_code=202)

    async def faults(self, _: Request) -> Response:
        """Show the faults that have yet to strike."""
        return JSONResponse([one.model_dump() for one in self._controls.gate.faults])

    async def add_fault(self, request: Request) -> Response:
        """Order a fault."""
        self._controls.gate.faults.append(Fault.model_validate_json(await request.body()))
        return Response(status_code=204)

    async def clear_faults(self, _: Request) -> Response:
        """Take all ordered faults back."""
        self._controls.gate.faults.clear()
        return Response(status_code=204)

    async def reset(self, _: Request) -> Response:
        """Begin anew: seed, limits, faults and logs; the hook stays."""
        self._controls.reset()
        return Response(status_code=204)

    def _repository(self, full_name: str) -> Repository:
        owner, _, name = full_name.partition("/")
        found = self._controls.stand_in.world.find(owner, name)
        if found is None:
            raise ValueError(f"there is no repository {full_name}")
        return found

    def _base(self, request: Request) -> str:
        return self._controls.stand_in.base_url or str(request.base_url).rstrip("/")


def _repository_state(repository: Repository) -> dict[str, Any]:
    return {
        "id": repository.id,
        "private": repository.private,
        "labels": [one.name for one in repository.labels.values()],
        "roles": {login: role.name for login, role in repository.roles.items()},
        "issues": [_issue_state(one) for one in repository.issues.values()],
    }


def _issue_state(issue: Issue) -> dict[str, Any]:
    return {
        "number": issue.number,
        "title": issue.title,
        "body": issue.body,
        "user": issue.user.login,
        "state": issue.state,
        "state_reason": issue.state_reason,
        "pull_request": issue.pull is not None,
        "labels": [one.name for one in issue.labels],
        "assignees": [one.login for one in issue.assignees],
        "updated_at": stamp(issue.updated_at),
        "comments": [
            {"id": one.id, "user": one.user.login, "body": one.body, "created_at": stamp(one.created_at)}
            for one in issue.comments
        ],
    }
