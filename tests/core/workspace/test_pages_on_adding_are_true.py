"""docs/adding-a-gateway.md and docs/adding-a-server.md: the files they name are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
GATEWAY, SERVER = "adding-a-gateway.md", "adding-a-server.md"


@pytest.mark.parametrize("page", [GATEWAY, SERVER])
def test_the_files_that_they_name_are_there(page: str) -> None:
    """Each path of the house that stands in a table or the text, the new packages' own aside."""
    text = (ROOT / "docs" / page).read_text()
    named = re.findall(r"`((?:scripts|tests|agent-engine|packages|api-services|mcp-servers|deploy)/[^`]*)`", text)
    named += re.findall(r"`((?:docker-compose|\.env|\.import|pyproject)[^`]*)`", text)
    assert named
    assert [path for path in named if "corkboard" not in path and not (ROOT / path).exists()] == []
