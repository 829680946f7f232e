"""The page on triggers: its payload fires its trigger, and the one of a new house."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from fixtures.control import TRIGGER, Control

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "triggers.md").read_text(encoding="utf-8")
[WRITTEN] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
[PAYLOAD] = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("trigger", [*yaml.safe_load(WRITTEN)["triggers"], TRIGGER])
async def test_payload_of_the_page_fires(control: Control, trigger: dict[str, Any]) -> None:
    """What `triggers test` asks of control with the page's payload gives one task; nothing is ignored or refused."""
    asked = {"event": "issues", "payload": json.loads(PAYLOAD)}
    answer = (await control.http.request("POST", "/v1/triggers/test", json=asked, headers=control.headers)).json()
    [planned] = answer["tasks"]
    assert planned["trigger"] == trigger["name"]
    assert planned["task"]["input"]["repository"] == "octocat/hello-world"
    assert planned["task"]["input"]["issue"] == 1
    assert (answer["ignored"], answer["refused"]) == ([], [])
