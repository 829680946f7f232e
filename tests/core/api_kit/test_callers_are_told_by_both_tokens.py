"""The service token says who calls, the task token for what."""

import json
from pathlib import Path

import jwt
import pytest
from agent_contracts import Grant
from core.api_kit.corkboard import KITCHEN, LIST, NOTE, NOTES
from fixtures.gateway import House
from service_kit.keys import write_keys
from service_kit.tokens import Signer


async def test_a_task_token_alone_opens_nothing(house: House) -> None:
    """Without a service token the caller is refused, before its path is looked at."""
    for target in (LIST, "/not/in/the/table"):
        reply = await house.ask("GET", target, service=None, token=house.token())
        assert reply.status_code == 401
        assert reply.headers["x-agent-gateway-error"] == "service_token"
        assert reply.headers["www-authenticate"] == "Bearer"
    reply = await house.ask("GET", LIST, service=None, headers={"authorization": f"Bearer {house.token()}"})
    assert reply.headers["x-agent-gateway-error"] == "service_token"


async def test_a_service_token_alone_opens_what_its_entry_lists(house: House) -> None:
    """Nothing by default; what is listed, in the listed mode."""
    closed = await house.ask("GET", LIST)
    assert (closed.status_code, closed.json()["reason"]) == (401, "task_token")
    assert (await house.ask("GET", LIST, service="reader")).status_code == 200
    other = await house.ask("GET", KITCHEN, service="reader")
    assert (other.status_code, other.json()["reason"]) == (403, "resource")
    write = await house.ask("POST", NOTES, service="reader", body=NOTE)
    assert (write.status_code, write.json()["reason"]) == (403, "read_only")


async def test_bad_task_tokens_are_refused(house: House, tmp_path: Path) -> None:
    """Foreign, expired, for another audience or vendor, altered, unsigned, or for a tenant without an entry."""
    write_keys(tmp_path / "other.json", tmp_path / "other-jwks.json")
    foreign = House(**{**vars(house), "signer": Signer(tmp_path / "other.json")})
    payload = jwt.decode(house.token(), options={"verify_signature": False})
    head, _, tail = house.token().rpartition(".")
    cases = {
        "foreign": (foreign.token(), "task_token"),
        "expired": (house.token(lifetime=-31), "task_token"),
        "audience": (house.token(audience=["corkboard-mcp", "jira-api"]), "task_token"),
        "altered": (f"{head}.{tail[:-4]}AAAA", "task_token"),
        "unsigned": (jwt.encode(payload, "", algorithm="none"), "task_token"),
        "garbage": ("not-a-token", "task_token"),
        "empty": ("", "task_token"),
        "vendor": (house.token(vendor="jira"), "vendor"),
        "no tenant": (house.token(tenant="nobody"), "tenant"),
        "no entry": (house.token(tenant="elsewhere"), "tenant"),
    }
    for name, (token, reason) in cases.items():
        reply = await house.ask("GET", LIST, headers={"x-task-token": token})
        assert reply.status_code in (401, 403), name
        assert reply.headers["x-agent-gateway-error"] == reply.json()["reason"] == reason, name
        assert reply.json()["remedy"], name
    assert not house.seen


async def test_doubled_credentials_are_refused(house: House) -> None:
    """Of two tokens nobody knows which is meant."""
    header = ("authorization", f"Bearer {house.services['reader']}")
    for pairs in ([header, header], [header, ("x-task-token", house.token()), ("x-task-token", house.token())]):
        reply = await house.client.get(house.url + LIST, headers=pairs)
        assert (reply.status_code, reply.json()["reason"]) == (400, "header")


async def test_the_grant_is_cut_to_the_tenants_entry(house: House) -> None:
    """What the tenant's entry does not open, no grant opens; a grant wider than the entry is narrowed."""
    everything = Grant(tools=["note_write"], resources={"boards": ["*"]}, mode="write")
    assert (await house.ask("GET", LIST, token=house.token(everything))).status_code == 200
    reply = await house.ask("GET", "/boards/attic/notes?size=50", token=house.token(everything))
    assert (reply.status_code, reply.json()["reason"]) == (403, "resource")
    careful = house.token(everything, tenant="careful")
    reply = await house.ask("POST", NOTES, token=careful, tool="note_write", body=NOTE)
    assert (reply.status_code, reply.json()["reason"]) == (403, "read_only")


async def test_a_grant_that_names_no_resource_opens_none(house: House) -> None:
    """A kind of resources that the grant leaves out is closed."""
    reply = await house.ask("GET", LIST, token=house.token(Grant(tools=["note_write"], mode="write")))
    assert (reply.status_code, reply.json()["reason"]) == (403, "resource")


@pytest.mark.usefixtures("watched_closely")
async def test_a_tenant_is_closed_without_a_restart(house: House) -> None:
    """access.yaml is read again when it changes."""
    token = house.token()
    assert (await house.ask("GET", LIST, token=token)).status_code == 200
    access = json.loads(house.settings.access_file.read_text())
    del access["tenants"]["default"]
    house.settings.access_file.write_text(json.dumps(access))
    reply = await house.ask("GET", LIST, token=token)
    assert (reply.status_code, reply.json()["reason"]) == (403, "tenant")
