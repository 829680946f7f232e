"""Finds sub-issues and own reactions, and reads an issue for those who approve a write of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from api_kit import Call, Fetch, Json
from api_kit.errors import Refusal

from github_api.probes.issues import issue_path
from github_api.probes.own_account import PER_PAGE, login, repository_of
from github_api.upstream import repositories_of

PAGES = 5
"""Pages of reactions of one kind in which an own one is looked for."""


async def sub_issue_there(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
    """Return the sub-issue that the path names; None if it is none of the issue."""
    wanted = f"{call.path['sub_owner']}/{call.path['sub_repo']}".casefold()
    for one in await _sub_issues(call, fetch):
        if str(one.get("number")) == call.path["sub_number"] and repositories_of(one)[0].casefold() == wanted:
            return one
    return None


async def sub_issue_gone(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
    """Return the issue of which the sub-issue was taken; None while it is one of the issue."""
    return None if await repository_of_sub_issue(call, fetch) else await fetch(issue_path(call))


async def reaction_gone(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
    """Return an empty object if the reaction that the path names is not there any more."""
    return None if await repository_of_own_reaction(call, fetch) else {}


async def repository_of_sub_issue(call: Call, fetch: Fetch) -> Sequence[str]:
    """Return the repository of the sub-issue whose id the body gives, if it is one of the issue."""
    wanted = call.body.get("sub_issue_id") if isinstance(call.body, dict) else None
    return [name for one in await _sub_issues(call, fetch) if one.get("id") == wanted for name in repositories_of(one)]


async def repository_of_own_reaction(call: Call, fetch: Fetch) -> Sequence[str]:
    """Return the repository of the reaction that the path names, if it is our own account's."""
    own, path = await login(fetch), call.route.template.build(call.path).rpartition("/")[0]
    for page in range(1, PAGES + 1):
        rows = await fetch(f"{path}?per_page={PER_PAGE}&page={page}")
        for row in rows if isinstance(rows, list) else []:
            if isinstance(row, dict) and str(row.get("id")) == call.path["reaction"]:
                user = row.get("user")
                is_own = own is not None and isinstance(user, dict) and user.get("login") == own
                return [f"{call.path['owner']}/{call.path['repo']}"] if is_own else []
        if not isinstance(rows, list) or len(rows) < PER_PAGE:
            break
    return []


async def parent_before(call: Call, fetch: Fetch) -> Mapping[str, Json] | None:
    """Return the titles of an issue and of the sub-issue that a write names."""
    issue = await fetch(issue_path(call))
    if not isinstance(issue, dict):
        return None
    facts: dict[str, Json] = {"title": issue.get("title")}
    if "sub_number" in call.path:
        owner, name, number = (call.path[f"sub_{part}"] for part in ("owner", "repo", "number"))
        sub: Json = await fetch(f"/repos/{owner}/{name}/issues/{number}")
    else:
        wanted = call.body.get("sub_issue_id") if isinstance(call.body, dict) else None
        sub = next((one for one in await _sub_issues(call, fetch) if one.get("id") == wanted), None)
    facts["title of the sub-issue"] = sub.get("title") if isinstance(sub, dict) else None
    return facts


async def reacted_to(call: Call, fetch: Fetch) -> Mapping[str, Json] | None:
    """Return the title of the issue, or the text of the comment, that a reaction is for."""
    if "comment" in call.path:
        comment = await fetch(f"{repository_of(call)}/issues/comments/{call.path['comment']}")
        return {"text of the comment": comment.get("body")} if isinstance(comment, dict) else None
    issue = await fetch(issue_path(call))
    return {"title": issue.get("title")} if isinstance(issue, dict) else None


async def _sub_issues(call: Call, fetch: Fetch) -> list[dict[str, Json]]:
    """Read an issue's sub-issues, of which GitHub allows 100."""
    rows = await fetch(f"{issue_path(call)}/sub_issues?per_page={PER_PAGE}")
    if not isinstance(rows, list):
        raise Refusal("upstream_refused", "the sub-issues are no list, so nothing can be found in them")
    return [row for row in rows if isinstance(row, dict)]
