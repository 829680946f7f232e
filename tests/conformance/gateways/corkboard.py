"""Corkboard's gateway: boards with notes, pages by `Link`."""

from collections.abc import Sequence

from agent_contracts import Grant
from api_kit import Body, Call, Credential, Fetch, Json, Pause, Resource, Route, Table, Vendor, markdown
from api_kit.effect_markers import Own, created
from api_kit.paths import encode
from api_kit.vendor import EVERYTHING
from conformance.gateways.record import Ask, GatewayRecord, by_link
from fixtures.stand_in_corkboard import TOKEN, Corkboard
from service_kit.http import Reply
from stand_ins.kit.app import StandInApp
from stand_ins.kit.faults import Fault, Match

NOTES = "/boards/{board:name}/notes"
BOARD = Resource("boards", "path", "{board}")


def boards_of(document: Json) -> list[str]:
    """Name the board of each note."""
    notes = document if isinstance(document, list) else [document]
    return [str(note.get("board") or "") if isinstance(note, dict) else "" for note in notes]


def note_made(asked: Json, reply: Json) -> str | None:
    """Compare a note with what was asked, where that is known; its text has the mark behind it."""
    text = asked.get("text") if isinstance(asked, dict) else None
    return None if isinstance(reply, dict) and str(text or "") in str(reply.get("text")) else "the text is another one"


def page_of(call: Call, page: int) -> str:
    """Return the path of the board's notes."""
    return f"/boards/{encode(call.path['board'])}/notes?size=50"


async def anybody(fetch: Fetch) -> Own:
    """Count everybody's notes as ours: a board has one writer."""
    return lambda row: True


def table() -> Table:
    """Make the routes."""
    pin = Route(
        "POST",
        NOTES,
        access="write",
        tools=frozenset({"note_write"}),
        resources=(BOARD,),
        body=Body(frozenset({"text"}), texts={"text": markdown}),
        target="{board}",
        reply_resources=boards_of,
        verify_reply=note_made,
        probe=created(page_of, field="text", per_page=50, own=anybody, settle_window=120.0, made="created_at"),
    )
    query = frozenset({"size", "after"})
    return Table([Route("GET", NOTES, resources=(BOARD,), query=query, reply_resources=boards_of), pin])


def pauses(reply: Reply, tier: str) -> Sequence[Pause]:
    """Read the limit off a reply."""
    return [Pause(EVERYTHING, float(reply.headers["retry-after"]))] if reply.status == 429 else []


def vendor() -> Vendor:
    """Make Corkboard as the core needs it."""
    credential = Credential("corkboard", {"authorization": f"Bearer {TOKEN}"})
    return Vendor("corkboard", lambda tenant: credential, pauses=pauses)


def pin(board: str) -> Ask:
    """Pin a note."""
    return Ask("POST", f"/boards/{board}/notes", "note_write", body={"text": "feed the cat"})


RECORD = GatewayRecord(
    vendor=vendor,
    table=table,
    stand_in=lambda: StandInApp(Corkboard()),
    grant=Grant(tools=["note_write"], resources={"boards": ["team"]}, mode="write"),
    read=Ask("GET", "/boards/team/notes?size=20"),
    create=pin("team"),
    listing=lambda size: Ask("GET", f"/boards/team/notes?size={size}"),
    rows=list,
    following=by_link,
    elsewhere=(Ask("GET", "/boards/kitchen/notes?size=20"), pin("kitchen")),
    hostile=(
        pin("team%2F..%2Fkitchen"),
        pin(".."),
        pin("team%23"),
        Ask("GET", "/boards/team/notes?size=20&size=30"),
        Ask("GET", "/boards//notes?size=20"),
    ),
    foreign=[{"id": 1, "board": "kitchen", "text": "x"}],
    limited=Fault(fault="rate_limit", seconds=1, match=Match(method="POST")),
)
