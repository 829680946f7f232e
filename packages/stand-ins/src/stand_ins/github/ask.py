"""One request to the API: who asks, for which repository, and what it may; and the rows of the route table."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from stand_ins.github import fields, paging
from stand_ins.github.accounts import Role, Token, User
from stand_ins.github.apps import App
from stand_ins.github.faults import DROP_LABELS
from stand_ins.github.records import Issue, Repository
from stand_ins.github.refusal import (
    DOCS,
    Refusal,
    bad_credentials,
    gone,
    not_accessible,
    not_found,
    requires_authentication,
)
from stand_ins.github.stand_in import StandIn
from stand_ins.github.world import World
from stand_ins.kit.credentials import Credential, credential_of
from stand_ins.kit.paging import Page

Row = TypeVar("Row")
LEVELS = {"none": 0, "read": 1, "write": 2}
REDIRECTS = f"{DOCS}/guides/best-practices-for-using-the-rest-api#follow-redirects"


@dataclass(frozen=True)
class Operation:
    """A row of the route table; `path` follows the repository's address unless `of_repository` is off.

    `resource` is what a fine-grained token may be narrowed in; `tier` the rate limit that counts, if any; `of_app` asks
    for an App's JWT in a token's place.
    """

    method: str
    path: str
    run: "Callable[[Ask], Awaitable[Response]]"
    docs: str
    resource: str = "metadata"
    of_repository: bool = True
    tier: str | None = "core"
    of_app: bool = False

    @property
    def write(self) -> bool:
        """Whether the operation changes something."""
        return self.method != "GET"


class Ask:
    """A request on its way through an operation."""

    def __init__(self, stand_in: StandIn, request: Request, operation: Operation) -> None:
        self.stand_in = stand_in
        self.request = request
        self.operation = operation
        self.docs = f"{DOCS}/{operation.docs}"
        self.token: Token | None = None
        self.user: User | None = None
        self.known = False
        self._repository: Repository | None = None

    @property
    def world(self) -> World:
        """The stand-in's memory."""
        return self.stand_in.world

    @property
    def base(self) -> str:
        """The API's own address, as the caller reached it."""
        return str(self.request.base_url).rstrip("/")

    @property
    def repository(self) -> Repository:
        """The repository that the path names."""
        if self._repository is None:
            raise not_found(self.docs)
        return self._repository

    @property
    def me(self) -> User:
        """The caller's account; 401 without one."""
        if self.user is None:
            raise requires_authentication(self.docs)
        return self.user

    @property
    def app(self) -> App:
        """The App that asks; 401 where there is none."""
        if self.world.app is None:
            raise requires_authentication(self.docs)
        return self.world.app

    @property
    def role(self) -> Role:
        """What the caller may do in the repository."""
        return self.world.role(self.repository, self.user)

    @property
    def drops_labels(self) -> bool:
        """Whether labels are to be ignored in this request, by an ordered fault."""
        return bool(self.request.scope.get(DROP_LABELS))

    @property
    def query(self) -> list[tuple[str, str]]:
        """The query's pairs, in order."""
        return self.request.query_params.multi_items()

    def authenticate(self) -> None:
        """Find out who asks; 401 for a token that nobody has."""
        shown = credential_of(self.request)
        if self.operation.of_app:
            self._demand_jwt(shown)
        elif shown is not None:
            self.token = self.world.tokens.get(_token(shown))
            if self.token is None or shown.scheme not in {"bearer", "token", "basic"}:
                raise bad_credentials()
            if self.token.expires_at is not None and self.token.expires_at <= self.world.clock():
                raise bad_credentials()
            self.user = self.world.user(self.token.login)
        self.known = True

    def admit(self) -> None:
        """Find the repository and check that the caller may do this kind of thing in it."""
        if self.operation.of_repository:
            self._repository = self._find()
            if self.role == Role.none:
                raise not_found(self.docs)
        if self.operation.write and self.user is None and not self.operation.of_app:
            raise requires_authentication(self.docs)
        wanted = "write" if self.operation.write else "read"
        limit = self.token.limits.get(self.operation.resource, "write") if self.token else "write"
        if LEVELS[limit] < LEVELS[wanted]:
            raise not_accessible(self.docs, f"{self.operation.resource}={wanted}")
        if self.operation.write and self._repository is not None and self._repository.archived:
            raise Refusal(403, "Repository was archived so is read-only.", docs=self.docs)

    def issue(self, *, number: int | None = None) -> Issue:
        """Find the issue that the path names; 410 when it was deleted or issues are off."""
        if not self.repository.has_issues:
            raise gone("Issues has been disabled in this repository.", self.docs)
        found = self.repository.issues.get(number or self.request.path_params["issue_number"])
        if found is None:
            raise not_found(self.docs)
        if found.deleted:
            raise gone("This issue was deleted", self.docs)
        return found

    async def json(self) -> Any:
        """Read the body."""
        return fields.parse(await self.request.body(), self.docs)

    async def fields(self, resource: str) -> fields.Fields:
        """Read the body as an object."""
        return fields.Fields(await self.json(), self.docs, resource)

    def page(self, rows: Sequence[Row], shape: Callable[[Row], Any]) -> Response:
        """Answer with the asked page of rows, and the links from it."""
        page = paging.cut(rows, self.query)
        return JSONResponse([shape(one) for one in page.rows], headers=self.links(page))

    def links(self, page: Page[Row]) -> dict[str, str]:
        """Give the Link header of a page."""
        path = self.request.url.path
        if self._repository is not None:
            path = f"/repositories/{self._repository.id}{self._rest()}"
        header = paging.header(page, f"{self.base}{path}", self.query)
        return {"Link": header} if header else {}

    def _demand_jwt(self, shown: Credential | None) -> None:
        """Refuse what is no JWT of the App: 401 in GitHub's words."""
        if shown is None or shown.scheme != "bearer":
            raise requires_authentication(self.docs)
        if fault := self.app.fault_of(shown.secret, self.world.clock()):
            raise Refusal(401, fault, docs=self.docs)

    def _find(self) -> Repository:
        params = self.request.path_params
        if "repository_id" in params:
            found = self.world.repositories.get(params["repository_id"])
        else:
            found = self.world.find(params["owner"], params["repo"])
            if found is None and (moved := self.world.find_moved(params["owner"], params["repo"])) is not None:
                raise self._moved(moved)
        if found is None:
            raise not_found(self.docs)
        return found

    def _moved(self, repository: Repository) -> Refusal:
        if self.world.role(repository, self.user) == Role.none:
            return not_found(self.docs)
        query = self.request.url.query
        url = f"{self.base}/repositories/{repository.id}{self._rest()}" + (f"?{query}" if query else "")
        permanent = self.request.method in {"GET", "HEAD"}
        message = "Moved Permanently" if permanent else "Temporary Redirect"
        refusal = Refusal(301 if permanent else 307, message, docs=REDIRECTS, headers={"Location": url})
        refusal.body = {"message": message, "url": url, "documentation_url": REDIRECTS}
        return refusal

    def _rest(self) -> str:
        raw = self.request.scope.get("raw_path") or self.request.scope["path"].encode()
        parts = raw.decode("latin-1").partition("?")[0].split("/")
        skipped = 3 if parts[1] == "repositories" else 4
        return "".join(f"/{part}" for part in parts[skipped:])


def _token(shown: Credential) -> str:
    """Return the token, which takes the user's place with `x-oauth-basic` or without a password."""
    return shown.secret if shown.secret and shown.secret != "x-oauth-basic" else shown.user  # noqa: S105
