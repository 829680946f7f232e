"""Gists, which belong to a person: a grant opens them by the login of that person, and no repository opens one."""

from dataclasses import replace

from agent_vendors.github import GISTS
from api_kit import Body, Call, Json, Refusal, Resource, Route, plain
from api_kit.routes import Access, Answered
from api_kit.side_hosts import SideExchange

from github_api.confirm import gists as confirm
from github_api.probes import gists as probes
from github_api.routes.in_repository import JSON, PAGE

PATH = "/gists"
GIST = PATH + "/{gist:name}"
QUERY = PAGE | {"since"}
TEXTS = {"description": plain}
FIELDS = Body(frozenset({"description", "files", "public"}), texts=TEXTS)
"""GitHub's own fields of a new gist. A change of a public one says `public`, which GitHub does not take, too."""
WHOLE = "Give each file its whole content: none is renamed or deleted by this route."
CHANGE = Route("PATCH", GIST, body=Body(frozenset({"description", "files"})))
"""GitHub's own request for a change."""


def routes() -> list[Route]:
    """Make the routes."""
    own = Route("GET", PATH, query=QUERY, accepts=JSON, reply_resources=owners, reply_kind=GISTS, mixed=True)
    of_person = replace(own, path="/users/{owner:name}/gists", resources=(Resource(GISTS, "path", "{owner}"),))
    create = _write("POST", PATH, "create_gist", Resource(GISTS, "lookup", lookup=probes.own_gists))
    update = _write("PATCH", GIST, "update_gist", Resource(GISTS, "lookup", lookup=probes.owner_of_gist))
    return [
        own,
        replace(of_person, mixed=False),
        replace(own, path=GIST, query=frozenset(), mixed=False),
        replace(create, verify_reply=confirm.made, probe=probes.GIST_MADE, read_before=probes.own_before),
        replace(
            update,
            idempotent=True,
            verify_reply=confirm.changed,
            probe=probes.GIST_CHANGED,
            read_before=probes.gist_before,
            send=_change,
        ),
    ]


def owners(document: Json) -> list[str]:
    """Return the owner of each gist in a reply; "" for one of nobody."""
    return [probes.owner_of(one) for one in (document if isinstance(document, list) else [document])]


def _write(method: str, path: str, tool: str, whose: Resource) -> Route:
    return Route(
        method,
        path,
        access="write",
        access_of=_access,
        resources=(whose,),
        body=FIELDS,
        accepts=JSON,
        tools=frozenset({tool}),
        reply_resources=owners,
    )


def _access(call: Call) -> Access:
    """Say what a gist does: a secret one is read by those who know its address, a public one by everybody at once.

    Raises:
        Refusal: `access`: a file is not written whole. Null, or another name, would delete or rename it.
    """
    fields = call.body if isinstance(call.body, dict) else {}
    files = fields.get("files", {})
    written = list(files.values()) if isinstance(files, dict) else [None]
    if not all(isinstance(one, dict) and one.keys() == {"content"} for one in written):
        raise Refusal("access", "a file of a gist has its content here, and nothing else", remedy=WHOLE)
    return "write" if fields.get("public", False) is False else "danger"


async def _change(call: Call, exchange: SideExchange) -> Answered:
    """Send a change without `public`, by which the caller says what the gist is."""
    fields = call.body if isinstance(call.body, dict) else {}
    asked = {name: value for name, value in fields.items() if name != "public"}
    return await exchange.ask(replace(call, route=CHANGE, body=asked))
