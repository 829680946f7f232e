"""`agent-engine triggers test`: the source and the instance of the event that is tried."""

import asyncio
import json
from dataclasses import replace

import pytest
from agent_engine.cli.app import app
from agent_vendors.github import GITHUB
from control_api.sources import registry
from fixtures.control import OTHER_TOKEN, TOKEN, Control, payload
from typer.testing import CliRunner


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        ((), 2, "source: none is named, and there are github"),
        (("--source", "github"), 0, "would fire  triage-new-issues"),
        (("--source", "nowhere"), 2, "no source 'nowhere' here"),
        (("--source", "github", "--instance", "payments"), 2, "no door for source 'github/payments'"),
    ],
)
async def test_a_dry_run_is_of_the_source_and_instance_that_are_named(
    control: Control, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], status: int, said: str
) -> None:
    """Where two vendors send webhooks none is taken for meant, and the refusal names the sources."""
    monkeypatch.setattr(registry, "load", lambda: (GITHUB, replace(GITHUB, name="second", webhook_source="second")))
    monkeypatch.setenv("CONTROL_URL", control.url)
    monkeypatch.setenv("CONTROL_TOKEN", TOKEN)
    file = control.folder / "payload.json"
    file.write_text(json.dumps(payload()))
    line = ["triggers", "test", str(file), "--event", "issues", *options]
    result = await asyncio.to_thread(CliRunner().invoke, app, line)
    assert (result.exit_code, said in result.output) == (status, True), result.output


async def test_another_tenants_instance_is_not_there(control: Control) -> None:
    """A door of another tenant learns of an instance, its triggers and its tasks no more than of one that is not."""
    headers = {"authorization": f"Bearer {OTHER_TOKEN}"}
    told = []
    for source, instance in (("github", ""), ("github", "nowhere")):
        body = {"event": "issues", "payload": payload(), "source": source, "instance": instance}
        reply = await control.http.request("POST", "/v1/triggers/test", json=body, headers=headers)
        told.append((reply.status, reply.json()["message"].replace("/nowhere", "")))
    assert told == [(404, "no door for source 'github'")] * 2
