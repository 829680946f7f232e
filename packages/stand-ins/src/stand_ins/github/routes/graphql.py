"""The GraphQL endpoint: checks a query against the schema, and answers it for the caller."""

import functools
from importlib.resources import files
from typing import Any

from graphql import GraphQLError, GraphQLSchema, build_schema, graphql
from starlette.responses import JSONResponse, Response

from stand_ins.github.ask import Ask, Operation
from stand_ins.github.graphql.root import Root
from stand_ins.github.records import Issue, Repository
from stand_ins.github.refusal import Refusal


@functools.cache
def schema() -> GraphQLSchema:
    """Read the part of GitHub's schema that is served."""
    return build_schema((files("stand_ins.github.graphql") / "schema.graphql").read_text(encoding="utf-8"))


async def ask_graphql(ask: Ask) -> Response:
    """Answer a query or carry out a mutation; what is refused is told with the status 200."""
    document = await ask.json()
    if not isinstance(document, dict) or not isinstance(document.get("query"), str):
        raise Refusal(400, "A query attribute must be specified and must be a string.", docs=ask.docs)

    def announce(action: str, issue: Issue, repository: Repository) -> None:
        ask.stand_in.announce_pull(action, issue, repository, ask.me, ask.base)

    result = await graphql(
        schema(),
        document["query"],
        root_value=Root(ask.world, ask.me, announce).fields(),
        variable_values=document.get("variables"),
        operation_name=document.get("operationName"),
    )
    answer: dict[str, Any] = {} if result.data is None else {"data": result.data}
    if result.errors:
        answer = {"data": result.data, "errors": [_told(error) for error in result.errors]}
    return JSONResponse(answer)


def _told(error: GraphQLError) -> dict[str, Any]:
    kind = (error.extensions or {}).get("type")
    places = [{"line": one.line, "column": one.column} for one in error.locations or []]
    told: dict[str, Any] = {"locations": places, "message": error.message}
    return ({"type": kind} if kind else {}) | {"path": error.path or []} | told


OPERATIONS = (
    Operation("POST", "/graphql", ask_graphql, "graphql/overview", of_repository=False, tier="graphql"),
    Operation("POST", "/api/graphql", ask_graphql, "graphql/overview", of_repository=False, tier="graphql"),
)
