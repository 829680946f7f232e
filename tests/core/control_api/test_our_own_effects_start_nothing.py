"""What our own effects caused starts nothing, also where nobody named the account; what a person does starts a task."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import agent_effects
import asyncpg
import pytest
from agent_effects import Write, keep_accounts, marker, settle
from fixtures.control import TRIGGER, Control, payload
from structlog.testing import capture_logs

REPOSITORY = "octocat/hello-world"
ISSUE_URL = f"https://github.com/{REPOSITORY}/issues/7"
COMMENT_URL = f"{ISSUE_URL}#issuecomment-1"
TRIGGERS = {name: {**TRIGGER, "event": name, "action": None} for name in ("issues", "issue_comment")}
BOT, PERSON = {"login": "octo-bot", "type": "User"}, {"login": "mona", "type": "User"}


async def wrote(pool: asyncpg.Pool, target: str, *, url: str | None, fields: list[str]) -> UUID:
    """Keep an effect that is done."""
    write = Write(
        id=uuid4(),
        tenant="acme",
        caller="github-mcp",
        vendor="github",
        route="any",
        target=target,
        method="POST",
        request={"fields": fields},
    )
    await agent_effects.begin(pool, write)
    await settle(pool, write.id, state="done", url=url)
    return write.id


def now() -> str:
    """Give the time as GitHub writes it."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def commented(text: str, *, sender: dict[str, str], url: str = COMMENT_URL) -> dict[str, Any]:
    """Make an issue_comment.created."""
    comment = {"body": text, "html_url": url, "created_at": now()}
    return payload(action="created", comment=comment, sender=sender)


def labeled(*, sender: dict[str, str], at: str = "", body: str = "") -> dict[str, Any]:
    """Make an issues.labeled."""
    issue = {**payload()["issue"], "html_url": ISSUE_URL, "updated_at": at or now(), "body": body}
    return payload(action="labeled", issue=issue, sender=sender, label={"name": "bug"})


@pytest.mark.parametrize("trigger", [TRIGGERS["issue_comment"]])
async def test_the_bot_does_not_start_itself_by_its_comment(control: Control) -> None:
    """The comment of an account that nobody named as ours starts nothing, and the delivery's record says why."""
    effect = await wrote(control.pool, f"{REPOSITORY}#7", url=COMMENT_URL, fields=["body"])
    body = commented(f"Triaged.\n\n{marker(effect)}", sender=BOT)
    reply = await control.deliver(body, event="issue_comment")
    told = [{"trigger": "*", "reason": f"the event is what our own effect {effect} did"}]
    assert (reply.status, reply.json()["tasks"], reply.json()["ignored"]) == (200, [], told)
    kept = await control.pool.fetchval("select outcome from control.deliveries")
    assert kept["ignored"] == told
    assert (await control.deliver(body, event="issue_comment")).json()["duplicate"]
    assert await control.tasks() == []


@pytest.mark.parametrize("trigger", [TRIGGERS["issue_comment"]])
async def test_a_person_who_copies_a_mark_is_heard(control: Control) -> None:
    """A comment with the bot's hidden mark that is not the bot's comment starts its task."""
    effect = await wrote(control.pool, f"{REPOSITORY}#7", url=COMMENT_URL, fields=["body"])
    quoting = commented(f"> Triaged. {marker(effect)}\n\nNo!", sender=PERSON, url=f"{ISSUE_URL}#issuecomment-2")
    assert (await control.deliver(quoting, event="issue_comment")).status == 202


@pytest.mark.parametrize("trigger", [TRIGGERS["issue_comment"]])
async def test_a_person_who_answers_on_our_issue_is_heard(control: Control) -> None:
    """That the issue is ours says nothing of a comment on it."""
    effect = await wrote(control.pool, REPOSITORY, url=ISSUE_URL, fields=["title"])
    body = commented("Why?", sender=PERSON)
    body["issue"] |= {"body": marker(effect), "html_url": ISSUE_URL}
    assert (await control.deliver(body, event="issue_comment")).status == 202


@pytest.mark.parametrize("trigger", [TRIGGERS["issues"]])
async def test_the_bot_does_not_start_itself_by_its_label(control: Control) -> None:
    """A label has no mark: the effect on the issue was under way. A person's label later starts its task."""
    effect = await wrote(control.pool, f"{REPOSITORY}#7", url=None, fields=["labels"])
    [ignored] = (await control.deliver(labeled(sender=BOT))).json()["ignored"]
    assert str(effect) in ignored["reason"]
    assert (await control.deliver(labeled(sender=PERSON, at="2026-01-31T00:00:00Z"))).status == 202


@pytest.mark.parametrize("trigger", [TRIGGERS["issues"]])
async def test_a_person_who_labels_at_the_same_time_is_heard(control: Control) -> None:
    """Where github-api knows by which account it writes, another's change is never taken for its own."""
    await wrote(control.pool, f"{REPOSITORY}#7", url=None, fields=["labels"])
    await keep_accounts(control.pool, "github", {"acme": "octo-bot"})
    assert (await control.deliver(labeled(sender=PERSON))).status == 202
    assert (await control.deliver(labeled(sender=BOT))).status == 200


@pytest.mark.parametrize("trigger", [TRIGGERS["issues"]])
async def test_a_dry_run_knows_our_own_effects(control: Control) -> None:
    """It says of a payload that our own effect caused what a delivery would say."""
    effect = await wrote(control.pool, REPOSITORY, url=ISSUE_URL, fields=["title"])
    issue = {**payload()["issue"], "html_url": ISSUE_URL, "body": marker(effect), "created_at": now()}
    asked = {"event": "issues", "payload": payload(issue=issue, sender=BOT)}
    reply = await control.http.request("POST", "/v1/triggers/test", json=asked, headers=control.headers)
    assert (reply.json()["tasks"], str(effect) in reply.json()["ignored"][0]["reason"]) == ([], True)


@pytest.mark.parametrize(
    ("vendor", "tenant", "account", "told"),
    [
        ("github", "acme", "octo-bot", True),
        ("github", "acme", "Agent-Bot", False),
        ("github", "globex", "octo-bot", False),
        ("jira", "acme", "octo-bot", False),
    ],
)
async def test_an_account_that_nobody_named_is_told(
    control: Control, vendor: str, tenant: str, account: str, told: bool
) -> None:
    """`/ready` compares the account by which a gateway writes for a tenant with the own logins; the log names it."""
    await keep_accounts(control.pool, vendor, {tenant: account})
    with capture_logs() as lines:
        ready = (await control.http.request("GET", "/ready")).text
    assert ("own accounts" in ready) == told
    assert "octo-bot" not in ready
    logged = [line["fault"] for line in lines if line["event"] == "unknown_account"]
    assert len(logged) == told
    if told:
        assert logged[0].startswith(
            "github-api writes as octo-bot, which is none of the own accounts of github (agent-"
        )
        assert "add it to GITHUB_OWN_LOGINS" in logged[0]
