"""The controls that only GitHub has: what its people and operators do, and what tests look at."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from stand_ins.github.apps import TOKEN_SECONDS, App
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
from stand_ins.github.stand_in import StandIn
from stand_ins.kit.controls import Order
from stand_ins.kit.vendor import Control


class NewIssue(DescribedIssue):
    """An issue that somebody opens."""

    repository: str


class NewComment(DescribedComment):
    """A comment that somebody writes."""

    repository: str
    issue: int


class Rename(Order):
    """A repository's new name."""

    repository: str
    to: str


class Permission(Order):
    """What an account may do in a repository; the operator's account unless told."""

    repository: str
    role: str
    login: str | None = None


class TokenLimits(Order):
    """What the operator's token is narrowed to: {"issues": "read"}."""

    limits: dict[str, str]


class NewApp(Order):
    """An App of the operator's, with one installation; its tokens live for so many seconds."""

    id: int
    slug: str
    installation: int
    public_key: str
    suspended: bool = False
    seconds: int = TOKEN_SECONDS


class Orders:
    """Carries out the orders at one stand-in."""

    def __init__(self, stand_in: StandIn) -> None:
        self._stand_in = stand_in

    def table(self) -> list[Control]:
        """Return the controls."""
        return [
            Control("GET", "state", self.state),
            Control("POST", "issues", self.open_issue),
            Control("POST", "comments", self.comment),
            Control("POST", "repositories", self.add_repository),
            Control("POST", "renames", self.rename),
            Control("PUT", "permissions", self.permit),
            Control("PUT", "token", self.limit_token),
            Control("PUT", "app", self.install_app),
        ]

    async def state(self, request: Request) -> Response:
        """Show everything, or one repository (`?repository=`), or one issue of it (`&issue=`)."""
        world = self._stand_in.world
        wanted, number = request.query_params.get("repository"), request.query_params.get("issue")
        if wanted and number:
            repository = self._stand_in.world.named(wanted)
            found = repository.issues.get(int(number))
            if found is None:
                raise ValueError(f"{wanted} has no issue {number}")
            return JSONResponse(_issue_state(found))
        repositories = [self._stand_in.world.named(wanted)] if wanted else list(world.repositories.values())
        return JSONResponse(
            {
                "account": self._stand_in.account,
                "repositories": {one.full_name: _repository_state(one) for one in repositories},
            }
        )

    async def open_issue(self, request: Request) -> Response:
        """Open an issue as somebody, and send the webhook."""
        order = NewIssue.model_validate_json(await request.body())
        stand_in, repository = self._stand_in, self._stand_in.world.named(order.repository)
        issue = add_issue(stand_in.world, repository, order)
        base = _base(request)
        stand_in.announce_issue("opened", issue, repository, issue.user, base)
        stand_in.announce_labels([], issue, repository, issue.user, base)
        return JSONResponse(issue_json(issue, repository, stand_in.world, base), status_code=201)

    async def comment(self, request: Request) -> Response:
        """Comment on an issue as somebody, and send the webhook."""
        order = NewComment.model_validate_json(await request.body())
        stand_in, repository = self._stand_in, self._stand_in.world.named(order.repository)
        issue = repository.issues.get(order.issue)
        if issue is None:
            raise ValueError(f"{order.repository} has no issue {order.issue}")
        user = stand_in.world.user(order.user)
        comment = stand_in.world.add_comment(issue, body=order.body, user=user, at=order.at)
        base = _base(request)
        stand_in.announce_comment("created", comment, issue, repository, user, base)
        return JSONResponse(comment_json(comment, issue, repository, stand_in.world, base), status_code=201)

    async def add_repository(self, request: Request) -> Response:
        """Make a repository with labels, issues, pull requests and files."""
        order = DescribedRepository.model_validate_json(await request.body())
        made = add_repository(self._stand_in.world, order, self._stand_in.account)
        return JSONResponse(repository_json(made, _base(request)), status_code=201)

    async def rename(self, request: Request) -> Response:
        """Rename a repository; its old address redirects."""
        order = Rename.model_validate_json(await request.body())
        self._stand_in.world.rename(self._stand_in.world.named(order.repository), order.to)
        return Response(status_code=204)

    async def permit(self, request: Request) -> Response:
        """Set what an account may do in a repository."""
        order = Permission.model_validate_json(await request.body())
        login = order.login or self._stand_in.account
        self._stand_in.world.user(login)
        self._stand_in.world.named(order.repository).roles[login.lower()] = role_of(order.role)
        return Response(status_code=204)

    async def install_app(self, request: Request) -> Response:
        """Install an App, or change how long the tokens live that it gets from now on."""
        order, world = NewApp.model_validate_json(await request.body()), self._stand_in.world
        world.add_app(App(**order.model_dump(), created_at=world.clock()), self._stand_in.account)
        return Response(status_code=204)

    async def limit_token(self, request: Request) -> Response:
        """Narrow the operator's token, as a fine-grained one is."""
        order = TokenLimits.model_validate_json(await request.body())
        stand_in = self._stand_in
        for token in stand_in.world.tokens.values():
            if token.login == stand_in.account:
                token.limits = order.limits
        return Response(status_code=204)


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def _repository_state(repository: Repository) -> dict[str, Any]:
    return {
        "id": repository.id,
        "private": repository.private,
        "labels": [one.name for one in repository.labels.values()],
        "roles": {login: role.name for login, role in repository.roles.items()},
        "issues": [_issue_state(one) for one in repository.issues.values()],
        "releases": [
            {"tag": one.tag, "name": one.name, "body": one.body, "draft": one.draft} for one in repository.releases
        ],
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
