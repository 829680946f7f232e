"""Discussions of a repository, all by GraphQL. A comment's path names the discussion, whose id the gateway reads."""

from dataclasses import replace

from agent_vendors.github import REPOSITORIES
from agent_vendors.github_discussions import (
    ADD_DISCUSSION_COMMENT,
    COMMENTED_DISCUSSION,
    DISCUSSION,
    DISCUSSION_CATEGORIES,
    DISCUSSION_COMMENTS,
    DISCUSSIONS,
)
from api_kit import Body, Call, Json, Resource, Route
from api_kit.classify import document_of
from api_kit.graphql import PATH, operation
from api_kit.routes import Answered
from api_kit.side_hosts import SideExchange

from github_api.confirm import discussions as confirm
from github_api.probes import discussions as probes
from github_api.routes.graphql import OF_PULL, ORDER, TIER, ask
from github_api.routes.graphql import PAGE as CURSOR
from github_api.routes.in_repository import TEXTS, write

COMMENT = f"{PATH}/{ADD_DISCUSSION_COMMENT.name}/{{owner:name}}/{{repo:name}}/{{number:number}}"
OF_REPOSITORY = frozenset({"owner", "name"})
LOOK = operation(COMMENTED_DISCUSSION.text, TIER)
SEND = operation(ADD_DISCUSSION_COMMENT.text, TIER)


def routes() -> list[Route]:
    """Make the routes."""
    comment = write("POST", COMMENT, "discussion_comment_write", Body(frozenset({"body", "comment"}), texts=TEXTS))
    whose = Resource(REPOSITORIES, "lookup", lookup=probes.repository_of_discussion)
    return [
        ask(DISCUSSION_CATEGORIES, OF_REPOSITORY),
        ask(DISCUSSIONS, OF_REPOSITORY | ORDER | CURSOR | {"category", "states", "answered"}),
        ask(DISCUSSION, OF_PULL),
        ask(DISCUSSION_COMMENTS, OF_PULL | CURSOR),
        replace(
            comment,
            resources=(*comment.resources, whose),
            tier=TIER,
            reply_resources=None,
            verify_reply=confirm.commented,
            probe=probes.COMMENT_MADE,
            read_before=probes.commented_discussion,
            send=_comment,
        ),
    ]


async def _comment(call: Call, exchange: SideExchange) -> Answered:
    """Read the discussion's id, and send the comment with it."""
    found = await LOOK(replace(call, body=probes.variables_of(call)), exchange)
    node: Json = probes.at(document_of(found.reply), "data.repository.discussion.id")
    if not isinstance(node, str):
        return found
    fields = call.body if isinstance(call.body, dict) else {}
    return await SEND(replace(call, body={**fields, "discussion": node}), exchange)
