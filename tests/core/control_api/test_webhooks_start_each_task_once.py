"""Webhooks: only signed, fitting, new deliveries become tasks, each once, with no worker running."""

import asyncio
import json
from typing import Any

import pytest
from agent_engine.cli.app import app
from control_api.sources.github import signed
from fixtures.control import SECRET, TOKEN, TRIGGER, Control, payload, signature
from typer.testing import CliRunner

KEYS = ("dedupe_key", "concurrency_key")


def test_github_s_documented_signature_is_accepted() -> None:
    """The vector of GitHub's documentation on validating deliveries holds."""
    header = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert signed(b"Hello, World!", header, [SECRET])
    assert not signed(b"Hello, World?", header, [SECRET])


async def test_a_signed_delivery_becomes_a_committed_task(control: Control) -> None:
    """The trigger's template inserts values as data, and the answer means that the row is there."""
    reply = await control.deliver(payload())
    assert reply.status == 202
    [started] = reply.json()["tasks"]
    [task] = await control.tasks()
    assert task["id"] == started["id"]
    assert (task["state"], task["tenant"], task["door"]) == ("queued", "acme", "webhook:github")
    assert task["task"]["input"] == {"repository": "octocat/hello-world", "issue": 7, "note": "by mona"}
    assert task["task"]["actor"] == {"kind": "github", "id": "mona"}


async def test_the_same_delivery_is_one_task_however_often_it_comes(control: Control) -> None:
    """Redelivery under another id, also side by side, makes no second task and answers with the first."""
    body = json.dumps(payload()).encode()
    replies = await asyncio.gather(*(control.deliver(body, x_github_delivery=f"d-{n}") for n in range(5)))
    assert {reply.json()["tasks"][0]["id"] for reply in replies} == {(await control.tasks())[0]["id"]}
    assert sorted(reply.status for reply in replies) == [200, 200, 200, 200, 202]
    assert len(await control.tasks()) == 1


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        ({"x_hub_signature_256": ""}, 401, "signature"),
        ({"x_hub_signature_256": signature(b"other")}, 401, "signature"),
        ({"x_hub_signature_256": signature(json.dumps(payload()).encode(), "wrong")}, 401, "signature"),
        ({"event": "issue_comment"}, 422, "event"),
        ({"content_type": "application/x-www-form-urlencoded"}, 415, "content_type"),
        ({"content_type": "application/json; charset=iso-8859-1"}, 415, "content_type"),
        ({"content_encoding": "gzip"}, 415, "content_type"),
    ],
)
async def test_what_is_not_a_true_delivery_is_refused(
    control: Control, changes: dict[str, str], status: int, reason: str
) -> None:
    """A forged signature, another event's name or another encoding is refused with its reason."""
    reply = await control.deliver(payload(), **changes)
    assert (reply.status, reply.json()["reason"]) == (status, reason)
    assert await control.tasks() == []


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("body", "part"),
    [
        (b"[]", "not a JSON object"),
        (b"{", "not strict JSON"),
        (b'"x"', "not a JSON object"),
        (b"\xff", "not UTF-8"),
        (b'{"a": NaN}', "NaN is no JSON value"),
        (b'{"a": 1, "a": 2}', "given twice"),
        (b'{"a":' * 200_000, "nested too deep"),
    ],
)
async def test_a_signed_body_that_is_no_object_is_refused(control: Control, body: bytes, part: str) -> None:
    """Signed nonsense is refused with what is wrong and a remedy, and control goes on."""
    reply = await control.deliver(body)
    assert (reply.status, reply.json()["reason"]) == (400, "json")
    assert part in reply.json()["message"]
    assert reply.json()["remedy"]
    assert (await control.deliver(payload())).status == 202


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("changes", "status", "part"),
    [
        ({"sender": {"login": "mo\x00na", "type": "User"}}, 422, "NUL"),
        ({"sender": {"login": "m" * 1_100_000, "type": "User"}}, 422, "at most 256 characters"),
        ({"sender": {"login": "m" * 26_300_000, "type": "User"}}, 413, "26214400"),
        ({"issue": {"number": "seven"}}, 422, 'is not of type \\"integer'),
    ],
)
async def test_a_signed_body_that_makes_no_task_is_refused_by_name(
    control: Control, changes: dict[str, Any], status: int, part: str
) -> None:
    """What a payload's values make unusable is named, makes no row, and uses up no delivery."""
    reply = await control.deliver(payload(**changes))
    assert (reply.status, part in reply.text) == (status, True), reply.text[:500]
    assert await control.tasks() == []
    assert (await control.deliver(payload())).status == 202


async def test_our_own_account_starts_nothing(control: Control) -> None:
    """What we wrote ourselves comes back as a webhook, and is ignored."""
    reply = await control.deliver(payload(sender={"login": "Agent-Bot[bot]", "type": "Bot"}))
    assert reply.status == 200
    assert reply.json()["ignored"] == [{"trigger": "*", "reason": "the event is of our own account"}]


@pytest.mark.parametrize(
    ("trigger", "fires"),
    [
        ({**TRIGGER, "filter": {"repository.full_name": "OctoCat/Hello-World"}}, True),
        ({**TRIGGER, "filter": {"repository.full_name": "octocat/other"}}, False),
        ({**TRIGGER, "filter": {"issue.number": [1, 7]}}, True),
        ({**TRIGGER, "filter": {"issue.pull_request": None}}, True),
        ({**TRIGGER, "author_association": ["OWNER", "MEMBER"]}, False),
        ({**TRIGGER, "author_association": ["NONE"]}, True),
        ({**TRIGGER, "action": ["edited", "opened"]}, True),
        ({**TRIGGER, "action": "closed"}, False),
        ({**TRIGGER, "daily_budget": {"tasks": 0}}, False),
    ],
)
async def test_a_trigger_fires_only_where_it_says(control: Control, fires: bool) -> None:
    """Filters, associations, actions and daily budgets decide, and the answer says why not."""
    document = (await control.deliver(payload())).json()
    if fires:
        assert len(document["tasks"]) == 1
    else:
        assert "tasks" not in document or document["tasks"] == []
        assert len(await control.tasks()) == 0


@pytest.mark.slow
@pytest.mark.parametrize("trigger", [{**TRIGGER, "daily_budget": {"tasks": 2}}])
async def test_a_daily_budget_holds_under_parallel_deliveries(control: Control) -> None:
    """Five different issues at once start just the two tasks of the day; the others are refused, not lost silently."""
    replies = await asyncio.gather(*(control.deliver(payload(number)) for number in range(1, 6)))
    assert sorted(reply.status for reply in replies) == [202, 202, 422, 422, 422]
    assert len(await control.tasks()) == 2
    assert any("daily budget of 2 tasks" in reply.text for reply in replies)


@pytest.mark.parametrize("trigger", [{**TRIGGER, "skill": "unknown-skill"}])
async def test_an_unknown_skill_makes_no_row_and_can_be_redelivered(control: Control) -> None:
    """What cannot be accepted is refused with its reason, and the delivery is not used up."""
    for _ in range(2):
        reply = await control.deliver(payload())
        assert reply.status == 422
        assert "unknown-skill" in reply.json()["message"]


@pytest.mark.parametrize("trigger", [{**TRIGGER, "input": {"x": "${issue.nothing}"}}])
async def test_a_template_without_its_value_is_refused_by_name(control: Control) -> None:
    """The answer names the place that the payload lacks."""
    assert "issue.nothing" in (await control.deliver(payload())).json()["message"]


@pytest.mark.parametrize("trigger", [{**TRIGGER, key: "${issue.milestone}"} for key in KEYS], ids=KEYS)
@pytest.mark.parametrize("milestone", [None, "", " ", {"title": "1.0"}, [1]])
async def test_a_key_without_its_value_makes_no_task(control: Control, milestone: Any) -> None:
    """What is no value would make one task of all events that have none."""
    body = payload(issue={"number": 7, "title": "x", "author_association": "NONE", "milestone": milestone})
    assert "the payload has no usable value at issue.milestone" in (await control.deliver(body)).json()["message"]
    assert await control.tasks() == []


async def test_a_repository_that_is_not_open_starts_and_uses_up_nothing(control: Control) -> None:
    """A noisy webhook of other repositories makes no rows."""
    reply = await control.deliver(payload(repository={"full_name": "octocat/other"}))
    assert reply.json()["ignored"] == [{"trigger": "*", "reason": "octocat/other is not open at webhook:github"}]
    assert await control.tasks() == []


async def test_a_broken_surrogate_is_answered_like_anything_else(control: Control) -> None:
    """What cannot be written as UTF-8 in a payload does not lose the answer after the commit."""
    reply = await control.deliver(json.dumps(payload(action="\ud800")).encode())
    assert (reply.status, reply.json()["tasks"]) == (200, [])


async def test_inserted_values_are_never_templates(control: Control) -> None:
    """A value that looks like a place stays as it is."""
    body = payload(sender={"login": "${issue.title}", "type": "User"})
    await control.deliver(body)
    [task] = await control.tasks()
    assert task["task"]["input"]["note"] == "by ${issue.title}"


@pytest.mark.parametrize("trigger", [{**TRIGGER, "input": {"issue": "${issue.title}"}}])
async def test_input_that_does_not_fit_the_skill_is_refused(control: Control) -> None:
    """A trigger whose input does not fit its skill's schema makes no task, and the answer says what does not fit."""
    reply = await control.deliver(payload())
    assert (reply.status, reply.json()["reason"]) == (422, "task")
    assert 'issue: "It ${breaks}" is not of type "integer"' in reply.json()["message"]
    assert await control.tasks() == []
    asked = {"event": "issues", "payload": payload()}
    rehearsed = (await control.http.request("POST", "/v1/triggers/test", json=asked, headers=control.headers)).json()
    assert rehearsed["tasks"] == []
    assert f"{rehearsed['refused'][0]['trigger']}: {rehearsed['refused'][0]['reason']}" == reply.json()["message"]


async def test_triggers_test_shows_the_plan_and_starts_nothing(control: Control) -> None:
    """A rehearsal gives the task that would be made, and makes none."""
    asked: dict[str, Any] = {"event": "issues", "payload": payload()}
    reply = await control.http.request("POST", "/v1/triggers/test", json=asked, headers=control.headers)
    [planned] = reply.json()["tasks"]
    assert planned["task"]["input"]["issue"] == 7
    assert await control.tasks() == []


async def test_triggers_test_says_that_a_file_cannot_be_read(control: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rehearsal reads the files as they lie there; one that cannot be read is named, and its old state used.

    Only the log says why, as what is wrong may be another tenant's.
    """
    monkeypatch.setenv("CONTROL_URL", control.url)
    monkeypatch.setenv("CONTROL_TOKEN", TOKEN)
    (control.folder / "payload.json").write_text(json.dumps(payload()))
    line = ["triggers", "test", str(control.folder / "payload.json"), "--event", "issues"]

    async def rehearsed() -> tuple[int, str]:
        result = await asyncio.to_thread(CliRunner().invoke, app, line)
        return result.exit_code, result.output

    sound = (control.folder / "triggers.yaml").read_text()
    assert (await rehearsed())[0] == 0
    (control.folder / "triggers.yaml").write_text("triggers: [{}]")
    status, said = await rehearsed()
    assert status == 1
    assert "would fire  triage-new-issues" in said
    [told] = [line for line in said.splitlines() if line.startswith("not read")]
    assert (
        told.split(maxsplit=2)[2] == "triggers.yaml: not in force as it stands: `file_not_usable` in the log says why"
    )
    assert str(control.folder) not in told
    assert (await control.http.request("GET", "/ready")).json()["warnings"].keys() == {"triggers.yaml"}
    (control.folder / "triggers.yaml").write_text(sound)
    assert "not read" not in (await rehearsed())[1]
