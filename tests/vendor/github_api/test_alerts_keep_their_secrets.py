"""An alert's state is set once and found again, closing one is danger; no secret leaves the gateway, or stays in it."""

import json
from functools import partial

import asyncpg
import pytest
from agent_contracts import Grant, Mode
from fixtures.gateway import effects, running_task
from stand_ins.github.seed_security import OTHER_SECRET, SECRET
from vendor.github_api.house import HELLO, House, hello

STATE = "x-agent-effect-state"
TOOL = "update_security_alert"
GRANT = Grant(tools=[TOOL, "list_security_alerts"], resources={"repositories": ["octocat/hello-world"]}, mode="write")
SECRETS = f"{HELLO}/secret-scanning/alerts"
OPEN = {"state": "open"}
RESOLVED = {"state": "resolved", "resolution": "revoked", "resolution_comment": "Rotated by @mona-example."}
DISMISSED = {"state": "dismissed", "dismissed_reason": "not_used"}


async def _everything(pool: asyncpg.Pool) -> str:
    """Return all rows of all of the gateway's tables as text."""
    names = await pool.fetch("select table_name from information_schema.tables where table_schema = 'gateway'")
    found = [await pool.fetch(f'select t::text as row from gateway."{one["table_name"]}" t') for one in names]
    return "\n".join(row["row"] for rows in found for row in rows)


async def test_no_reply_no_row_and_no_log_has_a_secret(
    api: House, pool: asyncpg.Pool, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Reads, a write with its reply, a lost one, and a proposal: nowhere does the value of a secret stand.

    The vendor's own reply to a write has it, and an old server's to a read, which a comment may repeat.
    """
    task, attempt = await running_task(pool)
    ask = partial(api.ask, token=api.token(GRANT, task=task, attempt=attempt), tool=TOOL)
    alerts = hello(api).security.secrets.alerts
    alerts[2].state, alerts[2].reason = "resolved", "revoked"
    shown = {"number": 1, "secret": SECRET, "url": f"https://api.github.com{SECRETS}/1", "state": "open"}
    replies = [await ask("GET", f"{SECRETS}?per_page=50"), await ask("GET", f"{SECRETS}/2")]
    api.fault("status", method="GET", status=200, body={**shown, "resolution_comment": f"See {SECRET}"})
    replies.append(await ask("GET", f"{SECRETS}/1"))
    assert "(hidden)" in replies[-1].json()["resolution_comment"]
    replies.append(await ask("GET", f"{SECRETS}/1/locations"))
    replies.append(await ask("PATCH", f"{SECRETS}/2", body=OPEN))
    api.fault("apply_then_drop", method="PATCH")
    alerts[1].state, alerts[1].reason = "resolved", "revoked"
    replies.append(await ask("PATCH", f"{SECRETS}/1", body=OPEN))
    replies.append(await ask("PATCH", f"{SECRETS}/1", body=RESOLVED))
    assert [one.status_code for one in replies] == [200] * 6 + [202]
    assert json.loads(replies[5].content)["secret"] == "(hidden)"
    logged = "".join(capfd.readouterr()) + caplog.text + await _everything(pool)
    for secret in (SECRET, OTHER_SECRET):
        assert not [one.text for one in replies if secret in one.text]
        assert secret not in logged


@pytest.mark.parametrize("kind", ["code-scanning", "dependabot"])
async def test_opening_is_a_write_and_closing_is_danger(api: House, pool: asyncpg.Pool, kind: str) -> None:
    """An alert is opened at once; to close it is proposed, with what it is about and what it is now."""
    task, attempt = await running_task(pool)
    ask = partial(api.ask, "PATCH", f"{HELLO}/{kind}/alerts/1", token=api.token(GRANT, task=task, attempt=attempt))
    security = hello(api).security
    alert = (security.code if kind == "code-scanning" else security.dependencies).alerts[1]
    alert.state, alert.reason = "dismissed", "not_used"
    opened = await ask(tool=TOOL, body=OPEN)
    assert (opened.status_code, opened.headers[STATE], alert.state) == (200, "done", "open")
    closed = await ask(tool=TOOL, body=DISMISSED)
    assert (closed.status_code, alert.state) == (202, "open")
    row = await pool.fetchrow("select shown from gateway.proposals")
    assert row is not None
    about = "Uncontrolled data" if kind == "code-scanning" else "greetparse reads settings"
    assert (about in row["shown"], "not_used" in row["shown"]) == (True, True)
    assert (await effects(pool))[0]["target"] == f"octocat/hello-world/{kind}/alerts/1"


async def test_a_lost_change_is_found_by_the_state(api: House, pool: asyncpg.Pool) -> None:
    """A change whose reply was lost is found at once, by state and reason."""
    task, attempt = await running_task(pool)
    hello(api).security.dependencies.alerts[1].state = "dismissed"
    api.fault("apply_then_drop", method="PATCH")
    reply = await api.ask(
        "PATCH",
        f"{HELLO}/dependabot/alerts/1",
        token=api.token(GRANT, task=task, attempt=attempt),
        tool=TOOL,
        body=OPEN,
    )
    assert (reply.status_code, reply.headers[STATE]) == (200, "done")


async def test_a_change_that_is_another_is_partial(api: House, pool: asyncpg.Pool) -> None:
    """A reply with another state than asked for makes the effect partial, and says why."""
    task, attempt = await running_task(pool)
    address = f"https://api.github.com{HELLO}/dependabot/alerts/1"
    api.fault("status", method="PATCH", status=200, body={"number": 1, "state": "dismissed", "url": address})
    reply = await api.ask(
        "PATCH",
        f"{HELLO}/dependabot/alerts/1",
        token=api.token(GRANT, task=task, attempt=attempt),
        tool=TOOL,
        body=OPEN,
    )
    assert reply.headers[STATE] == "partial"
    assert (await effects(pool))[-1]["detail"] == "the state is 'dismissed', not 'open'"


async def test_alerts_stay_in_the_grant(api: House, pool: asyncpg.Pool) -> None:
    """Alerts, places and advisories of another repository are refused; the public database is open to every task."""
    task, attempt = await running_task(pool)
    token = api.token(GRANT.model_copy(update={"mode": Mode.read}), task=task, attempt=attempt)
    ask = partial(api.ask, "GET", token=token, tool="list_security_alerts")
    for path in ("dependabot/alerts", "secret-scanning/alerts/1/locations", "security-advisories"):
        assert (await ask(f"/repos/octocat/secret-plans/{path}")).status_code == 403
    foreign = {"type": "commit", "details": {"blob_url": "https://api.github.com/repos/octocat/other/git/blobs/a"}}
    api.fault("status", method="GET", status=200, body=[foreign])
    assert (await ask(f"{SECRETS}/1/locations")).headers["x-agent-gateway-error"] == "reply_foreign"
    for path in ("/advisories?ecosystem=pip", "/advisories/GHSA-2m4p-7q9r-x3vw", f"{HELLO}/security-advisories"):
        assert (await ask(path)).status_code == 200
    for asked in ("?hide_secret=false", "?hide_secret=true", "/1?hide_secret=false"):
        shown = await ask(f"{SECRETS}{asked}")
        assert (shown.status_code, SECRET in shown.text) == (200, False)
