"""Writes that GitHub does by GraphQL alone: `{the thing's REST path}/graphql/{name}`. The gateway reads the node id."""

from dataclasses import replace
from functools import partial

from agent_vendors.graphql_operation import Operation
from api_kit import Body, Call, Route
from api_kit.classify import Classified, document_of
from api_kit.graphql import PATH, operation
from api_kit.routes import Answered
from api_kit.side_hosts import SideExchange

from github_api.confirm.node_operations import written
from github_api.routes.graphql import TIER, named_in
from github_api.routes.in_repository import read, write

NOTHING = "nothing was written: a line that the diff does not have, or another value that fits nothing"


def node_write(thing: str, asked: Operation, tool: str, body: Body | None, *, at: str) -> Route:
    """Make a write of the thing at a REST path by an operation whose variables are its `node` and the body's fields.

    `at` is the place in the operation's answer where the thing that was written is, which is null if nothing was. The
    pull request that it is, or that it is of, tells its repository.
    """
    ask, reading = operation(asked.text, TIER), read(thing)

    async def send(call: Call, exchange: SideExchange) -> Answered:
        found = await exchange.ask(replace(call, route=reading, body=None))
        document = document_of(found.reply) if found.said.state == "done" else None
        if not isinstance(document, dict):
            return found
        fields = call.body if isinstance(call.body, dict) else {}
        answered = await ask(replace(call, body={**fields, "node": document.get("node_id")}), exchange)
        if answered.said.state == "done" and written(at, document_of(answered.reply)) is None:
            return Answered(answered.reply, Classified("refused", words=NOTHING))
        return answered

    route = write("POST", f"{thing}{PATH}/{asked.name}", tool, body)
    of = "" if at.endswith("pullRequest") else ".pullRequest"
    return replace(route, tier=TIER, send=send, reply_resources=partial(named_in, f"data.{at}{of}"))
