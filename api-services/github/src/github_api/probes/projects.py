"""Finds writes of projects' items whose reply was lost, and reads an item for those who approve a write to it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from agent_vendors.github_operations import PROJECT_ITEMS
from api_kit import Call, Fetch, Json, Probe
from api_kit.graphql import PATH
from api_kit.json_paths import find, steps
from api_kit.paths import encode

from github_api.confirm.projects import asked_values, is_same, values_of
from github_api.upstream import repositories_of_items

NODES = "data.repository.issueOrPullRequest.projectItems.nodes[]"
MOST_FIELDS = 10
"""Fields of a write that are read for those who approve it."""


async def item_added(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
    """Return the item of the issue or pull request that the body names; None if it is not in the project."""
    body = call.body if isinstance(call.body, dict) else {}
    variables = {"owner": body.get("owner"), "name": body.get("repo"), "number": body.get("number")}
    document = await fetch(PATH, {"query": PROJECT_ITEMS.text, "variables": variables})
    wanted = (call.path["org"].casefold(), call.path["project"])
    for node in find(document, steps(NODES)):
        (login,) = find(node, steps("project.owner.login"))
        (number,) = find(node, steps("project.number"))
        if isinstance(node, dict) and (str(login).casefold(), str(number)) == wanted:
            return await fetch(f"{_items(call)}/{encode(str(node.get('fullDatabaseId')))}")
    return None


async def item_updated(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
    """Return an item that has the values which the body asks for; None if it has others."""
    asked = dict(asked_values(call.body))
    item = await _item(call, fetch)
    now = values_of(item)
    return item if all(field in now and is_same(value, now[field]) for field, value in asked.items()) else None


async def item_gone(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
    """Return the item's id if it is not there any more."""
    return {"id": int(call.path["item"])} if await _item(call, fetch) is None else None


async def repository_of_item(call: Call, fetch: Fetch) -> Sequence[str]:
    """Return the repository of the item that the path names; of a draft all that its organization has."""
    item = await _item(call, fetch)
    if item is None:
        return []
    return repositories_of_items(item) or [f"{call.path['org']}/*"]


async def item_before(call: Call, fetch: Fetch) -> Mapping[str, Json] | None:
    """Return what an item is, and of each field that a write sets the value now and the one that it will have."""
    item = await _item(call, fetch)
    if item is None:
        return None
    now = values_of(item)
    (title,) = find(item, steps("content.title"))
    facts: dict[str, Json] = {"title": title, "repository": ", ".join(repositories_of_items(item))}
    for field, value in list(asked_values(call.body))[:MOST_FIELDS]:
        known = await fetch(f"{_project(call)}/fields/{field}")
        name = known.get("name") if isinstance(known, dict) else field
        facts |= {f"{name} now": _shown(known, now.get(field)), f"{name} as asked": _shown(known, value)}
    return facts


async def issue_planned(call: Call, fetch: Fetch) -> Mapping[str, Json] | None:
    """Return the title of the project, and of the issue or pull request that is added to it."""
    project = await fetch(_project(call))
    body = call.body if isinstance(call.body, dict) else {}
    owner, name, number = (encode(str(body.get(part))) for part in ("owner", "repo", "number"))
    issue = await fetch(f"/repos/{owner}/{name}/issues/{number}")
    titles = [one.get("title") if isinstance(one, dict) else None for one in (project, issue)]
    return None if None in titles else {"title of the project": titles[0], "title": titles[1]}


def _project(call: Call) -> str:
    return f"/orgs/{encode(call.path['org'])}/projectsV2/{call.path['project']}"


def _items(call: Call) -> str:
    return f"{_project(call)}/items"


async def _item(call: Call, fetch: Fetch) -> Json:
    """Read the item that the path names, with the fields that the body names."""
    fields = ",".join(str(field) for field, _ in asked_values(call.body))
    return await fetch(f"{_items(call)}/{call.path['item']}" + (f"?fields={fields}" if fields else ""))


def _shown(field: Json, value: Json) -> Json:
    """Return the name of a choice, which a value gives by its id."""
    for place, name in (("options[]", "name.raw"), ("configuration.iterations[]", "title.raw")):
        for choice in find(field, steps(place)):
            if isinstance(choice, dict) and choice.get("id") == value is not None:
                return find(choice, steps(name))[0]
    return value


ITEM_ADDED = Probe(item_added, status=201)
ITEM_UPDATED = Probe(item_updated)
ITEM_GONE = Probe(item_gone)
