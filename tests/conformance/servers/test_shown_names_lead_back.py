"""A thing opens by its name as a reply shows it, whatever the name holds and however long it is."""

import re

import pytest
from conformance.servers.conftest import Subject

NAMES = [
    "\u26a0\ufe0f mark",
    "two  blanks",
    "10\u202f000",
    "e\u0301",
    " \u200bend ",
    "<U+FE0F>",
    "C# 100% what?",
    "long" * 60,
]


@pytest.mark.parametrize("name", NAMES)
async def test_a_shown_name_leads_back(subject: Subject, name: str) -> None:
    """What stands between the quotes of a reply is the name that an argument takes."""
    for plant, shows, opens in subject.record.names:
        plant(subject.app.stand_in, f"x{name}x.md")
        said = await subject.ask(shows)
        (shown,) = re.findall(r'"([^"]*x\.md)"', said.text)
        assert "OPENED" in (await subject.ask(opens(shown))).text
