"""What every webhook source must hold, whoever sends: signed, once, bounded, and of its instance's tenant."""

import asyncio
import time
from typing import Any

import pytest
from conformance.sources.chatter import CHATTER, form
from conformance.sources.conftest import LIMIT, OLD_SECRET, OTHER_SECRET, SAMPLES, SECRET, Hook
from conformance.sources.siren import SIREN
from control_api.sources.protocol import WebhookRequest
from control_api.sources.registry import installed_sources


def test_every_installed_source_is_in_the_suite() -> None:
    """A source that control ships is held to what every source must hold."""
    assert installed_sources().webhooks.keys() <= SAMPLES.keys()


async def test_a_signed_event_becomes_a_task_of_its_instance(hook: Hook) -> None:
    """The actor is who caused the event, the tenant is the door's."""
    reply = await hook.send()
    assert (reply.status, len(reply.json()["tasks"])) == (202, 1)
    assert await hook.tasks() == [("acme", hook.sample.account[2])]


async def test_only_the_secrets_of_the_instance_open_it(hook: Hook) -> None:
    """A wrong secret, and that of another instance, are refused before the body is looked at."""
    for secret, instance in (("wrong", ""), (OTHER_SECRET, ""), (SECRET, "other")):
        reply = await hook.send_raw(b"{", secret=secret, instance=instance)
        assert (reply.status, reply.json()["reason"]) == (401, "signature")
    unsigned = await hook.http.request("POST", f"/v1/webhooks/{hook.sample.source.name}", json=hook.sample.payload)
    assert unsigned.status == 401
    assert await hook.tasks() == []


async def test_both_secrets_open_it_while_one_is_replaced(hook: Hook) -> None:
    """The secret before is good until it is taken out."""
    assert (await hook.send(secret=OLD_SECRET)).status == 202
    assert (await hook.send(secret=SECRET)).json()["duplicate"]


async def test_the_same_event_under_other_numbers_is_one_task(hook: Hook) -> None:
    """Whatever is not signed distinguishes nothing, also side by side and at another instance of the tenant."""
    replies = await asyncio.gather(*(hook.send(instance=instance) for instance in ("", "twin", "", "twin")))
    assert sorted(reply.status for reply in replies) == [200, 200, 200, 202]
    assert len({reply.json()["tasks"][0]["id"] for reply in replies}) == 1
    assert len(await hook.tasks()) == 1


async def test_one_event_through_two_hooks_is_one_task(hook: Hook) -> None:
    """What only another hook of the vendor adds to the body makes no other event of it, and the answer says so."""
    first = (await hook.send()).json()
    again = (await hook.send({**hook.sample.payload, **hook.sample.second_hook})).json()
    assert (first["duplicate"], again["duplicate"]) == (False, True)
    assert [task["created"] for task in first["tasks"]] == [True]
    assert again["tasks"] == [{**task, "created": False} for task in first["tasks"]]
    assert len(await hook.tasks()) == 1


async def test_no_tenant_hides_an_event_from_another(hook: Hook) -> None:
    """The same event at an instance of another tenant is a task of that tenant."""
    assert (await hook.send()).status == 202
    assert (await hook.send(secret=OTHER_SECRET, instance="other")).status == 202
    assert sorted(tenant for tenant, _ in await hook.tasks()) == ["acme", "globex"]


async def test_only_a_source_with_a_window_repeats_an_event(hook: Hook) -> None:
    """After the window the same event is a new task; without one it is known for good."""
    await hook.send()
    aged = "update control.deliveries set received_at = received_at - make_interval(secs => $1)"
    await hook.pool.execute(aged, hook.sample.source.repeat_seconds or 86_400.0)
    repeated = await hook.send()
    again = await hook.send()
    assert repeated.json()["duplicate"] == (hook.sample.source.repeat_seconds is None)
    assert again.json()["duplicate"]
    assert len(await hook.tasks()) == (1 if hook.sample.source.repeat_seconds is None else 2)


@pytest.mark.parametrize("hook", [SIREN], indirect=True)
async def test_an_event_of_which_a_trigger_was_refused_repeats_only_after_the_window(hook: Hook) -> None:
    """Sent again within it, what had fired gives the same task; after it, another one."""
    await hook.also({"name": "and-more", "skill": "unknown-skill"})
    first, again = (await hook.send()).json(), (await hook.send()).json()
    await hook.pool.execute("update control.deliveries set received_at = received_at - interval '1 hour'")
    later = (await hook.send()).json()
    assert [[one["trigger"] for one in reply["refused"]] for reply in (first, again, later)] == [["and-more"]] * 3
    assert [reply["tasks"][0]["created"] for reply in (first, again, later)] == [True, False, True]
    assert first["tasks"][0]["id"] == again["tasks"][0]["id"] != later["tasks"][0]["id"]
    assert len(await hook.tasks()) == 2


async def test_what_our_own_account_does_starts_nothing(hook: Hook) -> None:
    """An account is ours whatever its case."""
    reply = await hook.send(hook.sample.by("our-OWN"))
    assert (reply.status, reply.json()["ignored"]) == (
        200,
        [{"trigger": "*", "reason": "the event is of our own account"}],
    )
    assert await hook.tasks() == []


@pytest.mark.parametrize("hook", [one for one in SAMPLES.values() if one.marked], indirect=True)
@pytest.mark.parametrize("tenant", ["acme", "globex"])
async def test_what_our_own_effect_made_starts_nothing(hook: Hook, tenant: str) -> None:
    """The mark of an effect of the tenant's tells it, whatever the account; that of another tenant's does not."""
    assert hook.sample.marked is not None
    effect = await hook.effect(tenant)
    reply = await hook.send(hook.sample.marked(hook.sample.payload, effect))
    ignored = [{"trigger": "*", "reason": f"the event is what our own effect {effect} did"}]
    assert (reply.status, reply.json()["ignored"]) == ((200, ignored) if tenant == "acme" else (202, []))
    assert len(await hook.tasks()) == (0 if tenant == "acme" else 1)


async def test_a_body_over_the_limit_is_refused(hook: Hook) -> None:
    """It is refused before it is read to its end."""
    reply = await hook.send_raw(b'{"a":"' + b"x" * LIMIT + b'"}')
    assert (reply.status, reply.json()["reason"]) == (413, "body_too_large")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"{}", b"\xff", b'{"a":' * 800])
async def test_a_signed_body_that_is_none_of_the_source_s_makes_nothing(hook: Hook, body: bytes) -> None:
    """It is answered as the vendor needs, and the source goes on."""
    reply = await hook.send_raw(body)
    assert reply.status == (200 if hook.sample.rejected == 200 else reply.status)
    assert reply.status in (hook.sample.rejected, 400)
    assert await hook.tasks() == []
    assert (await hook.send()).status == 202


async def test_an_instance_that_is_not_there_or_has_no_secret_is_told(hook: Hook) -> None:
    """404 says what to add; `/ready` counts the entries without secrets, and the log names them."""
    for instance in ("nowhere", "bare", "x" * 300, "a%2fb"):
        reply = await hook.send(instance=instance)
        assert (reply.status, reply.json()["reason"] in ("source", "route")) == (404, True)
    warnings = (await hook.http.request("GET", "/ready")).json()["warnings"]
    assert warnings["webhooks"].startswith("1 open nothing: `webhook_opens_nothing` in this process's log")


async def test_a_resource_that_the_door_does_not_open_starts_nothing(hook: Hook) -> None:
    """The door bounds what events may be about."""
    access = (hook.folder / "access.yaml").read_text()
    [[name]] = hook.sample.resources.values()
    (hook.folder / "access.yaml").write_text(access.replace(f"- {name}", "- elsewhere/else"))
    async with asyncio.timeout(10):
        while (await hook.http.request("GET", "/ready")).status != 200 or (reply := await hook.send()).status != 200:
            await hook.pool.execute("delete from control.deliveries")
            await asyncio.sleep(0.2)
    assert name in reply.json()["ignored"][0]["reason"]


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES.keys())
def test_identity_comes_from_the_signed_body_alone(sample: Any) -> None:
    """No header changes an event's identity, its accounts or its resources, and another event has another one."""

    def read(payload: dict[str, Any], number: int) -> Any:
        body = sample.sent(payload)
        return sample.source.read(WebhookRequest(body, sample.signed(body, SECRET, time.time(), number), time.time()))

    first, second = read(sample.payload, 1), read(sample.payload, 2)
    assert (first.identity, first.accounts, first.resources) == (second.identity, second.accounts, second.resources)
    assert len(first.identity) == 32
    assert first.identity == sample.source.event(sample.event, sample.payload).identity


@pytest.mark.parametrize("hook", [CHATTER], indirect=True)
async def test_a_challenge_is_answered_only_when_signed(hook: Hook) -> None:
    """The vendor's try of the address is echoed, and makes no row."""
    body = b'{"type": "url_verification", "challenge": "abc"}'
    assert (await hook.send_raw(body, secret="wrong")).status == 401
    reply = await hook.send_raw(body)
    assert (reply.status, reply.text) == (200, "abc")
    assert await hook.pool.fetchval("select count(*) from control.deliveries") == 0


@pytest.mark.parametrize("hook", [CHATTER], indirect=True)
async def test_a_form_is_the_same_event_as_its_json(hook: Hook) -> None:
    """The source reads the vendor's encodings."""
    assert (await hook.send()).status == 202
    assert (await hook.send_raw(form(hook.sample.payload))).json()["duplicate"]


@pytest.mark.parametrize("hook", [CHATTER], indirect=True)
async def test_a_signed_time_that_is_over_is_refused(hook: Hook) -> None:
    """What was recorded is worth nothing after the window."""
    body = hook.sample.sent(hook.sample.payload)
    old = hook.sample.signed(body, SECRET, time.time() - 600, 1)
    reply = await hook.http.request("POST", "/v1/webhooks/chatter", content=body, headers=dict(old))
    assert (reply.status, reply.json()["reason"]) == (401, "signature")
