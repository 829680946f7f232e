"""Chatter's gateway, with Slack's shapes: refusals of status 200, forms, mrkdwn, a cursor in the body."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import httpx
from agent_contracts import Grant
from agent_effects import marker
from api_kit import (
    Body,
    Call,
    Classified,
    Credential,
    Fetch,
    Json,
    Probe,
    Resource,
    Route,
    Table,
    UpstreamVendor,
    by_status,
    document_of,
    mrkdwn,
)
from api_kit.effect_markers import mark_in
from api_kit.paths import encode
from api_kit.routes import Access
from conformance.gateways.record import Ask, GatewayRecord, objects
from fixtures.resource_kinds import CHANNELS
from fixtures.stand_in_chatter import TOKEN, Chatter
from service_kit.http import Reply
from stand_ins.kit.app import StandInApp
from stand_ins.kit.faults import Fault

IN_QUERY, IN_BODY = (Resource(CHANNELS, where, "{channel}") for where in ("query", "body"))
ACCESS: dict[Json, Access] = {"posted": "write", "pinned": "write", "deleted": "danger"}


def classify(reply: Reply) -> Classified:
    """Read the error of a reply, whatever its status."""
    document = document_of(reply)
    if not isinstance(document, dict) or document.get("ok") is not False:
        return by_status(reply)
    error, after = str(document.get("error")), reply.headers.get("retry-after", "")
    if error == "ratelimited":
        return Classified("limited", float(after) if after.isdigit() else None, error)
    if error == "internal_error":
        return Classified("unknown", words=error)
    return Classified("absent" if error.endswith("_not_found") else "refused", words=error)


def channels_of(document: Json) -> Sequence[str]:
    """Name the channel of each message."""
    (found,) = objects(document if isinstance(document, dict) else None)
    return [str(message.get("channel") or "") for message in objects(found.get("messages", found.get("message")))]


def posted(asked: Json, reply: Json) -> str | None:
    """Compare a message with what was asked; its text has the mark behind it."""
    message = reply.get("message") if isinstance(reply, dict) else None
    text = asked.get("text") if isinstance(asked, dict) else None
    return None if isinstance(message, dict) and str(text) in str(message.get("text")) else "the text is another one"


async def find(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
    """Look for the mark among the channel's messages."""
    (channel,) = call.resources["channels"]
    listed = await fetch(f"/api/messages.list?channel={encode(channel)}&limit=100")
    for message in objects(listed["messages"] if isinstance(listed, dict) else None):
        if marker(effect) in str(message.get("text")):
            return {"ok": True, "channel": channel, "message": message}
    return None


def access_of(call: Call) -> Access | None:
    """Deleting is dangerous; a state that is none has no answer."""
    return ACCESS.get(call.body.get("state") if isinstance(call.body, dict) else None)


def table() -> Table:
    """Make the routes."""
    page = frozenset({"channel", "cursor", "limit"})
    post = Route(
        "POST",
        "/api/messages.post",
        access="write",
        tools=frozenset({"send_message"}),
        resources=(IN_BODY,),
        body=Body(frozenset({"channel", "text"}), texts={"text": mrkdwn}, form="urlencoded"),
        target="{channel}",
        verify_reply=posted,
        reply_resources=channels_of,
        probe=Probe(find, mark=mark_in("text")),
    )
    update = Route(
        "POST",
        "/api/messages.update",
        access="write",
        access_of=access_of,
        tools=frozenset({"update_message"}),
        resources=(IN_BODY,),
        body=Body(frozenset({"channel", "ts", "state"}), form="urlencoded"),
        target="{channel}/{ts}",
        idempotent=True,
    )
    listing = Route("GET", "/api/messages.list", resources=(IN_QUERY,), query=page, reply_resources=channels_of)
    query = frozenset({"channel", "ts"})
    read = Route("GET", "/api/messages.get", resources=(IN_QUERY,), query=query, reply_resources=channels_of)
    return Table([listing, read, post, update])


def vendor() -> UpstreamVendor:
    """Make Chatter as the core needs it."""
    credential = Credential("chatter", {"authorization": f"Bearer {TOKEN}"})
    return UpstreamVendor("chatter", lambda tenant: credential, classify=classify)


def following(reply: httpx.Response, ask: Ask) -> Ask | None:
    """Take the cursor out of the body."""
    cursor = reply.json()["response_metadata"]["next_cursor"]
    base = ask.target.partition("&cursor=")[0]
    return Ask("GET", f"{base}&cursor={cursor}") if cursor else None


def post(form: str) -> Ask:
    """Post a form."""
    return Ask("POST", "/api/messages.post", "send_message", form=form)


def update(state: str) -> Ask:
    """Change a message's state."""
    form = f"channel=C0001&ts=1700000001.000100&state={state}"
    return Ask("POST", "/api/messages.update", "update_message", form=form)


RECORD = GatewayRecord(
    vendor=vendor,
    table=table,
    stand_in=lambda: StandInApp(Chatter()),
    grant=Grant(tools=["send_message", "update_message"], resources={"channels": ["C0001"]}, mode="write"),
    read=Ask("GET", "/api/messages.get?channel=C0001&ts=1700000001.000100"),
    create=post("channel=C0001&text=Hello+there"),
    changes=update("pinned"),
    changed=lambda stand_in: stand_in.channels["C0001"]["1700000001.000100"]["state"] == "pinned",
    required="chatter/send_message[text]@C0001",
    listing=lambda size: Ask("GET", f"/api/messages.list?channel=C0001&limit={size}"),
    rows=lambda document: list(document["messages"]),
    following=following,
    held=lambda stand_in: len(stand_in.channels["C0001"]),
    elsewhere=(Ask("GET", "/api/messages.get?channel=C0002&ts=1700000001.000100"), post("channel=C0002&text=x")),
    hostile=(
        Ask("GET", "/api/messages.get?channel=C0001&channel=C0002&ts=1"),
        Ask("GET", "/api/messages.get?channel=C0001%26channel%3DC0002&ts=1"),
        Ask("GET", "/api/messages.get/../channels.list?channel=C0001"),
        post("channel=C0001&channel=C0002&text=x"),
        post("channel=C0001&text=x&as_user=true"),
    ),
    foreign={"ok": True, "message": {"ts": "1", "channel": "C0002", "text": "x"}},
    limited=Fault(fault="rate_limit", status=200, seconds=1),
    dangerous=(update("deleted"),),
    harmless=(update("pinned"),),
)
