"""The record of Corkboard, the kit's smallest whole server."""

from conformance.servers.record import Ask, ServerRecord
from core.mcp_kit.corkboard import CorkboardSettings, corkboard_server
from fixtures.stand_in_corkboard import TOKEN, Corkboard
from stand_ins.kit.app import StandInApp


def plant(stand_in: Corkboard, text: str) -> None:
    """Put a text into the first note."""
    stand_in.notes[0]["text"] = f"milk {text}"


RECORD = ServerRecord(
    settings=CorkboardSettings,
    build=corkboard_server,
    stand_in=lambda: StandInApp(Corkboard()),
    token=TOKEN,
    resources={"boards": ["team"]},
    lists=[(Ask("list_notes", {"board": "team"}, {"board": "kitchen"}), r"'note (\d+)'")],
    reads=Ask("find_notes", {"board": "team", "words": "milk"}, {"board": "kitchen"}),
    plant=plant,
    writes=Ask("note_write", {"board": "team", "text": "buy bread"}, {"board": "kitchen"}),
    refused=(Ask("list_notes", {"board": "cellar"}, {}), "Corkboard has no cellar.\nList them."),
)
