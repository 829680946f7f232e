"""Reads what a notification is about, and what those see who approve a write of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from api_kit import Call, Fetch, Json

from github_api.probes.own_account import repository_of
from github_api.upstream import repositories_of


async def repository_of_thread(call: Call, fetch: Fetch) -> Sequence[str]:
    """Return the repository of the notification that the path names."""
    thread = await _thread(call, fetch)
    return repositories_of([thread.get("repository")]) if thread else []


async def thread_gone(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
    """Return an empty object if the notification is not there any more."""
    return {} if await _thread(call, fetch) is None else None


async def thread_before(call: Call, fetch: Fetch) -> Mapping[str, Json] | None:
    """Return what a notification is about, and whether it is unread."""
    thread = await _thread(call, fetch)
    if thread is None:
        return None
    subject, repository = thread.get("subject"), thread.get("repository")
    title = subject.get("title") if isinstance(subject, dict) else None
    name = repository.get("full_name") if isinstance(repository, dict) else None
    return {"title": title, "repository": name, "unread": thread.get("unread")}


async def watching_before(call: Call, fetch: Fetch) -> Mapping[str, Json]:
    """Return whether the own account watches or ignores a repository."""
    found = await fetch(f"{repository_of(call)}/subscription")
    state = found if isinstance(found, dict) else {}
    return {name: state.get(name, False) for name in ("subscribed", "ignored")}


def subscribed(asked: Json, reply: Json) -> str | None:
    """Compare a subscription with what was asked."""
    wanted = asked if isinstance(asked, dict) else {}
    now = reply if isinstance(reply, dict) else {}
    wrong = [name for name, value in wanted.items() if now.get(name) != value]
    return f"not as asked: {', '.join(sorted(wrong))}" if wrong else None


async def _thread(call: Call, fetch: Fetch) -> dict[str, Any] | None:
    found = await fetch(f"/notifications/threads/{call.path['thread']}")
    return found if isinstance(found, dict) else None
