"""Projects of organizations. A grant for all repositories of an organization opens its projects; items stay in it."""

from dataclasses import replace

from agent_vendors.github import REPOSITORIES
from api_kit import Body, Call, Json, Resource, Route
from api_kit.classify import document_of
from api_kit.routes import Answered
from api_kit.side_hosts import SideExchange
from service_kit.body import build_json

from github_api.confirm import projects as confirm
from github_api.probes import projects as probes
from github_api.routes.accounts import ORGANIZATION
from github_api.routes.in_repository import JSON
from github_api.upstream import owners_of_projects, repositories_of_items

PROJECTS = "/orgs/{org:name}/projectsV2"
PROJECT = PROJECTS + "/{project:number}"
ITEMS = PROJECT + "/items"
ITEM = ITEMS + "/{item:number}"
CURSOR = frozenset({"per_page", "after"})
FIELDS = frozenset({"fields"})
NEW = Body(frozenset({"type", "owner", "repo", "number"}))
VALUES = Body(frozenset({"fields[].id", "fields[].value"}))
UPDATE = Route("PATCH", ITEM, body=VALUES, accepts=JSON)
TOOL = frozenset({"projects_write"})


def routes() -> list[Route]:
    """Make the routes."""
    projects = Route("GET", PROJECTS, resources=ORGANIZATION, accepts=JSON, reply_resources=owners_of_projects)
    fields = replace(projects, path=PROJECT + "/fields", reply_resources=None)
    item = replace(projects, path=ITEM, query=FIELDS, reply_resources=repositories_of_items)
    return [
        replace(projects, query=CURSOR),
        replace(projects, path=PROJECT),
        replace(fields, query=CURSOR),
        replace(fields, path=PROJECT + "/fields/{field:number}"),
        replace(item, path=ITEMS, query=CURSOR | FIELDS, mixed=True),
        item,
        *_writes(),
    ]


def _writes() -> list[Route]:
    """Make the writes. To add what is there already returns the item that it is.

    Source: docs.github.com/en/issues/planning-and-tracking-with-projects/automating-your-project/
    using-the-api-to-manage-projects, "Adding an item to a project".
    """
    add = Route(
        "POST",
        ITEMS,
        access="write",
        resources=(*ORGANIZATION, Resource(REPOSITORIES, "body", "{owner}/{repo}")),
        body=NEW,
        accepts=JSON,
        tools=TOOL,
        idempotent=True,
        target="{org}/projects/{project}: {owner}/{repo}#{number}",
        reply_resources=repositories_of_items,
        verify_reply=confirm.added,
        probe=probes.ITEM_ADDED,
        read_before=probes.issue_planned,
    )
    update = replace(
        add,
        method="PATCH",
        path=ITEM,
        resources=(*ORGANIZATION, Resource(REPOSITORIES, "lookup", lookup=probes.repository_of_item)),
        body=VALUES,
        target="{org}/projects/{project}/items/{item}",
        verify_reply=confirm.updated,
        probe=probes.ITEM_UPDATED,
        read_before=probes.item_before,
        send=_update,
    )
    remove = replace(
        update,
        method="DELETE",
        access="danger",
        body=None,
        tools=frozenset({"delete_project_item"}),
        reply_resources=None,
        verify_reply=None,
        probe=probes.ITEM_GONE,
        send=None,
    )
    return [add, update, remove]


async def _update(call: Call, exchange: SideExchange) -> Answered:
    """Send the values, and return the reply with these fields alone: others may tell of other repositories."""
    answered = await exchange.ask(replace(call, route=UPDATE))
    item = document_of(answered.reply) if answered.said.state == "done" else None
    fields = item.get("fields") if isinstance(item, dict) else None
    if not isinstance(item, dict) or not isinstance(fields, list):
        return answered
    asked = {field for field, _ in confirm.asked_values(call.body)}
    kept: list[Json] = [one for one in fields if isinstance(one, dict) and one.get("id") in asked]
    return replace(answered, reply=replace(answered.reply, body=build_json({**item, "fields": kept})))
