"""The service token says who calls, the task token for what."""

import asyncio
import json
from pathlib import Path

import jwt
from agent_contracts import Grant
from service_kit.keys import write_keys
from service_kit.tokens import Signer
from vendor.github_api.house import HELLO, WRITER, House

ISSUE = f"/repos/{HELLO}/issues/1"


async def test_a_task_token_alone_opens_nothing(api: House) -> None:
    """Without a service token the caller is refused, before its path is looked at."""
    for target in (ISSUE, "/not/in/the/table"):
        reply = await api.ask("GET", target, service=None, token=api.token())
        assert reply.status_code == 401
        assert reply.headers["x-agent-gateway-error"] == "service_token"
        assert reply.headers["www-authenticate"] == "Bearer"
    reply = await api.ask("GET", ISSUE, service=None, headers={"authorization": f"Bearer {api.token()}"})
    assert reply.headers["x-agent-gateway-error"] == "service_token"


async def test_a_service_token_alone_opens_what_its_entry_lists(api: House) -> None:
    """Nothing by default; what is listed, in the listed mode."""
    closed = await api.ask("GET", ISSUE)
    assert (closed.status_code, closed.json()["reason"]) == (401, "task_token")
    assert (await api.ask("GET", ISSUE, service="reader")).status_code == 200
    other = await api.ask("GET", "/repos/octocat/secret-plans/issues/1", service="reader")
    assert (other.status_code, other.json()["reason"]) == (403, "resource")
    write = await api.ask("POST", f"{ISSUE}/comments", service="reader", body={"body": "x"})
    assert (write.status_code, write.json()["reason"]) == (403, "read_only")


async def test_bad_task_tokens_are_refused(api: House, tmp_path: Path) -> None:
    """Foreign, expired, for another audience or vendor, altered, unsigned, or for a tenant without an entry."""
    write_keys(tmp_path / "other.json", tmp_path / "other-jwks.json")
    foreign = House(**{**vars(api), "signer": Signer.from_file(tmp_path / "other.json")})
    payload = jwt.decode(api.token(), options={"verify_signature": False})
    head, _, tail = api.token().rpartition(".")
    cases = {
        "foreign": (foreign.token(), "task_token"),
        "expired": (api.token(lifetime=-31), "task_token"),
        "audience": (api.token(audience=["github-mcp", "jira-api"]), "task_token"),
        "altered": (f"{head}.{tail[:-4]}AAAA", "task_token"),
        "unsigned": (jwt.encode(payload, "", algorithm="none"), "task_token"),
        "garbage": ("not-a-token", "task_token"),
        "empty": ("", "task_token"),
        "vendor": (api.token(vendor="jira"), "vendor"),
        "no tenant": (api.token(tenant="nobody"), "tenant"),
        "no entry": (api.token(tenant="elsewhere"), "tenant"),
    }
    for name, (token, reason) in cases.items():
        reply = await api.ask("GET", ISSUE, headers={"x-task-token": token})
        assert reply.status_code in (401, 403), name
        assert reply.headers["x-agent-gateway-error"] == reply.json()["reason"] == reason, name
        assert reply.json()["remedy"], name
    assert not api.seen


async def test_doubled_credentials_are_refused(api: House) -> None:
    """Of two tokens nobody knows which is meant."""
    header = ("authorization", f"Bearer {api.services['reader']}")
    for pairs in ([header, header], [header, ("x-task-token", api.token()), ("x-task-token", api.token())]):
        reply = await api.client.get(api.url + ISSUE, headers=pairs)
        assert (reply.status_code, reply.json()["reason"]) == (400, "header")


async def test_the_grant_is_cut_to_the_tenants_entry(api: House) -> None:
    """What the tenant's entry does not open, no grant opens; a grant wider than the entry is narrowed."""
    everything = Grant(tools=["issue_write"], resources={"repositories": ["*/*"]}, mode="write")
    assert (await api.ask("GET", ISSUE, token=api.token(everything))).status_code == 200
    reply = await api.ask("GET", "/repos/other/thing", token=api.token(everything))
    assert (reply.status_code, reply.json()["reason"]) == (403, "resource")
    careful = api.token(everything, tenant="careful")
    reply = await api.ask("PATCH", ISSUE, token=careful, tool="issue_write", body={"labels": []})
    assert (reply.status_code, reply.json()["reason"]) == (403, "read_only")


async def test_a_tenant_is_closed_without_a_restart(api: House) -> None:
    """access.yaml is read again when it changes."""
    token = api.token()
    assert (await api.ask("GET", ISSUE, token=token)).status_code == 200
    access = json.loads(api.settings.access_file.read_text())
    del access["tenants"]["default"]
    api.settings.access_file.write_text(json.dumps(access))
    await asyncio.sleep(1.05)
    reply = await api.ask("GET", ISSUE, token=token)
    assert (reply.status_code, reply.json()["reason"]) == (403, "tenant")


async def test_the_upstream_sees_our_credential_only(api: House) -> None:
    """Neither service token nor task token nor tool goes on to GitHub; version and user agent are ours."""
    extra = {
        "user-agent": "evil/1",
        "x-github-api-version": "1999-01-01",
        "cookie": "a=b",
        "x-forwarded-for": "1.1.1.1",
    }
    await api.ask("GET", ISSUE, token=api.token(WRITER), tool="issue_read", headers=extra)
    (seen,) = api.seen
    assert seen["authenticated"]
    assert set(seen["headers"]) <= {
        "host", "accept", "accept-encoding", "user-agent", "x-github-api-version", "connection"
    }  # fmt: skip
    assert seen["headers"]["x-github-api-version"] == "2022-11-28"
    assert seen["headers"]["user-agent"] == "agent-bot-github-api"
