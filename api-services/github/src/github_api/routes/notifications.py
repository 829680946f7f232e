"""Notifications, which are the own account's: each is about a repository, by which it is held to the grant."""

from dataclasses import replace

from agent_vendors.github import REPOSITORIES
from api_kit import Body, Json, Probe, Resource, Route

from github_api.probes import notifications as probes
from github_api.routes.in_repository import JSON, PAGE, REPO, read, write
from github_api.upstream import repositories_of

INBOX = "/notifications"
THREAD = INBOX + "/threads/{thread:number}"
QUERY = PAGE | {"all", "participating", "since", "before"}
OF_THREAD = (Resource(REPOSITORIES, "lookup", lookup=probes.repository_of_thread),)
EVERYWHERE = (Resource(REPOSITORIES, "path", "*/*"),)
"""All repositories of all owners: what marks every notification needs a grant for each."""
DISMISS, SUBSCRIBE = "dismiss_notification", "manage_notification_subscription"
READ_UNTIL = Body(frozenset({"last_read_at"}))


def routes() -> list[Route]:
    """Make the routes."""
    listed = Route("GET", INBOX, query=QUERY, accepts=JSON, reply_resources=about, reply_kind=REPOSITORIES, mixed=True)
    in_repository = replace(read(REPO + INBOX, QUERY), reply_resources=about)
    mark_all = replace(write("PUT", REPO + INBOX, DISMISS, READ_UNTIL), reply_resources=None, idempotent=True)
    return [
        listed,
        replace(listed, path=THREAD, query=frozenset(), mixed=False),
        in_repository,
        _of_thread("PATCH", THREAD, DISMISS),
        replace(_of_thread("DELETE", THREAD, DISMISS), probe=Probe(probes.thread_gone)),
        mark_all,
        replace(mark_all, path=INBOX, resources=EVERYWHERE, target=""),
        *_subscriptions(),
    ]


def about(document: Json) -> list[str]:
    """Return the repository that each notification of a reply is about; "" for one of none."""
    threads = document if isinstance(document, list) else [document]
    return repositories_of([one.get("repository") if isinstance(one, dict) else None for one in threads])


def _subscriptions() -> list[Route]:
    of_thread, of_repository = THREAD + "/subscription", REPO + "/subscription"
    ignored = Body(frozenset({"ignored"}))
    both = Body(frozenset({"subscribed", "ignored"}))
    watch = write("PUT", of_repository, SUBSCRIBE, both)
    return [
        Route("GET", of_thread, resources=OF_THREAD, accepts=JSON),
        replace(_of_thread("PUT", of_thread, SUBSCRIBE), body=ignored, verify_reply=probes.subscribed),
        _of_thread("DELETE", of_thread, SUBSCRIBE),
        read(of_repository),
        replace(watch, idempotent=True, verify_reply=probes.subscribed, read_before=probes.watching_before),
        replace(watch, method="DELETE", body=None, idempotent=True, read_before=probes.watching_before),
    ]


def _of_thread(method: str, path: str, tool: str) -> Route:
    """Make a write of one notification, which a repeat does not change."""
    return Route(
        method,
        path,
        access="write",
        resources=OF_THREAD,
        accepts=JSON,
        tools=frozenset({tool}),
        idempotent=True,
        read_before=probes.thread_before,
    )
