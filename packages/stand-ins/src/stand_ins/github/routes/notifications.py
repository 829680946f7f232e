"""Operations on the notifications of the caller's account, and on what it follows."""

from datetime import datetime
from operator import attrgetter

from starlette.responses import JSONResponse, Response

from stand_ins.github.ask import Ask, Operation
from stand_ins.github.notification_records import Notification, Subscription
from stand_ins.github.refusal import no_account, not_found
from stand_ins.github.shapes.notification import thread_json, thread_subscription_json, watching_json

PARTICIPATING = frozenset({"assign", "author", "comment", "mention", "review_requested", "state_change"})


async def list_notifications(ask: Ask) -> Response:
    """List the account's notifications, of one repository where the path names it, the newest first."""
    asked = dict(ask.query)
    rows = [one for one in _own(ask) if asked.get("all") == "true" or one.unread]
    if asked.get("participating") == "true":
        rows = [one for one in rows if one.reason in PARTICIPATING]
    rows = [one for one in rows if _moment(asked, "since", one) <= one.updated_at <= _moment(asked, "before", one)]
    return ask.page(sorted(rows, key=attrgetter("updated_at"), reverse=True), lambda one: thread_json(one, ask.base))


async def mark_all(ask: Ask) -> Response:
    """Mark all as read that were not updated since; of one repository where the path names it."""
    asked = await ask.fields("Notification")
    until = asked.text("last_read_at")
    for one in _own(ask):
        if until is None or one.updated_at <= datetime.fromisoformat(until):
            _read(one, ask)
    return Response(status_code=205)


async def get_thread(ask: Ask) -> Response:
    """Describe one notification."""
    return JSONResponse(thread_json(_thread(ask), ask.base))


async def mark_read(ask: Ask) -> Response:
    """Mark one as read."""
    _read(_thread(ask), ask)
    return Response(status_code=205)


async def mark_done(ask: Ask) -> Response:
    """Take one out of the inbox."""
    _thread(ask).done = True
    return Response(status_code=204)


async def get_subscription(ask: Ask) -> Response:
    """Describe how the account follows a conversation; 404 where it does not."""
    thread = _thread(ask)
    if thread.subscription is None:
        raise not_found(ask.docs)
    return JSONResponse(thread_subscription_json(thread, thread.subscription, ask.base))


async def set_subscription(ask: Ask) -> Response:
    """Follow a conversation, or ignore it."""
    thread, ignored = _thread(ask), (await ask.fields("Subscription")).flag("ignored")
    thread.subscription = Subscription(ask.world.clock(), not ignored, ignored)
    return JSONResponse(thread_subscription_json(thread, thread.subscription, ask.base))


async def delete_subscription(ask: Ask) -> Response:
    """Hear of a conversation no more, until somebody mentions the account."""
    _thread(ask).subscription = None
    return Response(status_code=204)


async def get_watching(ask: Ask) -> Response:
    """Describe how the account follows a repository; 404 where it does not."""
    _demand_account(ask)
    found = ask.world.watched.get((ask.me.id, ask.repository.id))
    if found is None:
        raise not_found(ask.docs)
    return JSONResponse(watching_json(found, ask.repository, ask.base))


async def set_watching(ask: Ask) -> Response:
    """Follow a repository, or ignore it."""
    _demand_account(ask)
    asked = await ask.fields("Subscription")
    made = Subscription(ask.world.clock(), asked.flag("subscribed"), asked.flag("ignored"))
    ask.world.watched[ask.me.id, ask.repository.id] = made
    return JSONResponse(watching_json(made, ask.repository, ask.base))


async def delete_watching(ask: Ask) -> Response:
    """Follow a repository no more."""
    _demand_account(ask)
    ask.world.watched.pop((ask.me.id, ask.repository.id), None)
    return Response(status_code=204)


def _demand_account(ask: Ask) -> None:
    if ask.token is not None and ask.token.installation:
        raise no_account(ask.docs)


def _own(ask: Ask) -> list[Notification]:
    _demand_account(ask)
    own = [one for one in ask.world.notifications if one.user is ask.me and not one.done]
    return [one for one in own if one.repository is ask.repository] if ask.operation.of_repository else own


def _thread(ask: Ask) -> Notification:
    wanted = ask.request.path_params["thread_id"]
    found = next((one for one in _own(ask) if one.id == wanted), None)
    if found is None:
        raise not_found(ask.docs)
    return found


def _read(one: Notification, ask: Ask) -> None:
    one.unread, one.read_at = False, ask.world.clock()


def _moment(asked: dict[str, str], name: str, one: Notification) -> datetime:
    return datetime.fromisoformat(asked[name]) if name in asked else one.updated_at


THREAD = "/notifications/threads/{thread_id:int}"
DOCS = "activity/notifications"
WATCHING = "activity/watching"
OPERATIONS = (
    Operation("GET", "/notifications", list_notifications, DOCS, "notifications", of_repository=False),
    Operation("PUT", "/notifications", mark_all, DOCS, "notifications", of_repository=False),
    Operation("GET", THREAD, get_thread, DOCS, "notifications", of_repository=False),
    Operation("PATCH", THREAD, mark_read, DOCS, "notifications", of_repository=False),
    Operation("DELETE", THREAD, mark_done, DOCS, "notifications", of_repository=False),
    Operation("GET", f"{THREAD}/subscription", get_subscription, DOCS, "notifications", of_repository=False),
    Operation("PUT", f"{THREAD}/subscription", set_subscription, DOCS, "notifications", of_repository=False),
    Operation("DELETE", f"{THREAD}/subscription", delete_subscription, DOCS, "notifications", of_repository=False),
    Operation("GET", "/notifications", list_notifications, DOCS, "notifications"),
    Operation("PUT", "/notifications", mark_all, DOCS, "notifications"),
    Operation("GET", "/subscription", get_watching, WATCHING, "notifications"),
    Operation("PUT", "/subscription", set_watching, WATCHING, "notifications"),
    Operation("DELETE", "/subscription", delete_watching, WATCHING, "notifications"),
)
