"""GraphQL as named operations. Each is a route of its own, whose body is the variables: the gateway holds the text."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from service_kit.http import Reply
from service_kit.json_text import Json

from api_kit.body import Body
from api_kit.classify import Classified, by_status, document_of
from api_kit.routes import Answered, Call, Route
from api_kit.side_hosts import SideExchange

PATH = "/graphql"
MOST_ERRORS = 3
MEANT = {"NOT_FOUND": "absent", "RATE_LIMITED": "limited"}
"""What an error's type says; any other is a refusal."""


def operation(text: str, tier: str) -> Callable[[Call, SideExchange], Awaitable[Answered]]:
    """Return a route's `send`, which asks by this text, with the call's body as its variables."""
    asked = Route("POST", PATH, body=Body(frozenset({"query", "variables"})), tier=tier, classify=classify)

    async def send(call: Call, exchange: SideExchange) -> Answered:
        document: Json = {"query": text, "variables": call.body}
        return await exchange.ask(replace(call, route=asked, path={}, query={}, body=document))

    return send


def classify(reply: Reply) -> Classified:
    """Classify a reply, which has the status 200 also where it refuses: its `errors` say so.

    Beside errors a query may have answered in part, which is `done`. Source: the GraphQL specification, "Response".
    """
    said = by_status(reply)
    document = document_of(reply) if said.state == "done" else None
    errors = document.get("errors") if isinstance(document, dict) else None
    if not isinstance(errors, list) or not errors:
        return said
    assert isinstance(document, dict)
    data = document.get("data")
    if isinstance(data, dict) and any(value is not None for value in data.values()):
        return said
    listed = [error for error in errors if isinstance(error, dict)]
    words = "; ".join(str(error.get("message")) for error in listed[:MOST_ERRORS])
    state = MEANT.get(str(listed[0].get("type")) if listed else "", "refused")
    if state == "limited":
        return Classified("limited", words=words)
    return Classified("absent" if state == "absent" else "refused", words=words)
