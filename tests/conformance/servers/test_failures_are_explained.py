"""Whatever the vendor or the gateway says no to, the caller gets a sentence of ours and the next step."""

import re
from functools import partial
from typing import Any

import pytest
from conformance.servers.conftest import REF_KEY, TASK, Said, Subject
from conformance.servers.record import Ask
from fixtures.ports import free_ports
from service_kit.refs import ref_fits, retry_after


async def test_a_refusal_is_explained(subject: Subject) -> None:
    """What the vendor refuses, of whatever status, is an error in our words; its own words are fenced."""
    ask, says = subject.record.refused
    said = await subject.ask(ask)
    assert said.is_error
    assert says in said.text
    assert len(said.text.splitlines()) >= 2
    assert '{"' not in said.text
    for line, word in ((line, word) for line in said.text.splitlines() for word in ("errorMessages", '"ok"')):
        assert word not in line


async def test_a_wrong_token_is_set_by_the_operator(subject: Subject) -> None:
    """A token that the vendor does not take is told by the variable's name, never by its value."""
    said = await subject.ask(subject.record.reads, token="wrong-token-value")
    assert said.is_error
    assert f"Tell the operator to set a valid {subject.prefix}_TOKEN." in said.text
    assert "wrong-token-value" not in said.text


@pytest.mark.parametrize("gateway", ["false", "true"])
async def test_a_limit_says_how_long_to_wait(subject: Subject, gateway: str) -> None:
    """A rate limit of the vendor's is told with the seconds that it names, behind a gateway too."""
    subject.strike("rate_limit", seconds=7)
    said = await subject.ask(subject.record.reads, gateway=gateway)
    assert said.is_error
    assert "rate limit is used up" in said.text
    assert re.search(r"in [678] s", said.text)  # the vendor counts whole seconds, and its clock tells them late


async def test_an_unreachable_vendor_is_told_with_the_cause(
    subject: Subject, capsys: pytest.CaptureFixture[str]
) -> None:
    """The caller hears why there was no connection and no address; the log has both."""
    (port,) = free_ports(1)
    said = await subject.ask(subject.record.reads, api_url=f"http://127.0.0.1:{port}")
    assert said.is_error
    assert "could not be reached (connection refused); nothing was sent." in said.text
    assert str(port) not in said.text
    assert str(port) in "".join(capsys.readouterr())


@pytest.mark.parametrize("fault", ["html", "cut", "status"])
async def test_an_outage_is_an_answer(subject: Subject, fault: str) -> None:
    """A page, half a reply or an outage in place of a reply is told, and nothing of its text."""
    subject.strike(fault, times=9, status=200 if fault == "html" else 503)
    said = await subject.ask(subject.record.reads)
    assert said.is_error
    assert "html" not in said.text.lower()


@pytest.mark.parametrize(
    ("fault", "details", "wait"),
    [
        ("rate_limit", {"seconds": 7}, 7),
        ("status", {"status": 503}, None),
        ("drop_before", {}, None),
        ("status", {"status": 502, "headers": {"x-agent-gateway-error": "upstream_unreachable"}}, None),
        ("status", {"status": 409, "headers": {"x-agent-gateway-error": "effect_unknown", "retry-after": "90"}}, 90),
        ("status", {"status": 429, "headers": {"x-agent-gateway-error": "vendor_rate", "retry-after": "2900"}}, 2900),
    ],
)
async def test_an_outage_is_told_to_the_engine(
    subject: Subject, fault: str, details: dict[str, Any], wait: int | None
) -> None:
    """The ref says that the vendor, or what stands before it, gave no answer; the line before it, how long to wait."""
    subject.strike(fault, times=9, **details)
    said = await _of_a_run(subject, subject.record.reads, gateway=str("headers" in details).lower())
    assert _fits(subject, said, subject.record.reads, unavailable=True)
    waited = retry_after(said.text)
    assert waited == wait or (wait == 7 and waited in (6, 8))


async def test_what_lasts_is_no_outage(subject: Subject) -> None:
    """A refusal of the vendor's, and one of the gateway's that no later call passes, are told as failures alone."""
    ask, _ = subject.record.refused
    assert _fits(subject, await _of_a_run(subject, ask), ask, unavailable=False)
    for status, reason in ((502, "reply_too_large"), (409, "effect_done")):
        subject.app.controls.reset()
        subject.strike("status", times=9, status=status, headers={"x-agent-gateway-error": reason})
        said = await _of_a_run(subject, subject.record.reads, gateway="true")
        assert _fits(subject, said, subject.record.reads, unavailable=False)


async def _of_a_run(subject: Subject, ask: Ask, **changes: str) -> Said:
    return await subject.ask(ask, subject.task(ask.tool), agent_ref_key=REF_KEY, **changes)


def _fits(subject: Subject, said: Said, ask: Ask, *, unavailable: bool) -> bool:
    fits = partial(ref_fits, bytes.fromhex(REF_KEY), task=TASK, attempt=1, reply=said.text, failed=True)
    tool = f"{subject.record.settings.prefix.lower()}/{ask.tool}"
    return fits(tool=tool, unavailable=unavailable) is not None


@pytest.mark.parametrize(("fault", "status"), [("apply_then_drop", 503), ("apply_then_status", 502), ("html", 200)])
async def test_a_writes_lost_reply_is_told(subject: Subject, fault: str, status: int) -> None:
    """A write that may have been done was sent once, and the caller is told to look before it repeats it."""
    subject.strike(fault, status=status)
    said = await subject.ask(subject.record.writes)
    assert said.is_error
    assert "It may have been done: look before you repeat it." in said.text
    assert len(subject.sent) == 1


@pytest.mark.parametrize("status", [301, 307, 308])
async def test_a_redirect_is_told_as_a_move(subject: Subject, status: int) -> None:
    """What has moved is told as that, of a write too: nothing was done, and no redirect is followed."""
    for ask in (subject.record.reads, subject.record.writes):
        subject.strike("status", status=status, headers={"location": "https://other.example/secret"})
        before = len(subject.sent)
        said = await subject.ask(ask)
        assert said.is_error
        assert "has moved" in said.text
        assert "other.example" not in said.text
        assert len(subject.sent) == before + 1


@pytest.mark.slow
async def test_a_dry_run_sends_no_write(subject: Subject) -> None:
    """In a dry run a write is shown and not sent, and reads are sent."""
    said = await subject.ask(subject.record.writes, dry_run="true")
    assert not said.is_error
    assert said.text.startswith(f"Dry run: {subject.record.writes.tool} sent nothing.")
    assert "<foreign-" in said.text
    assert not subject.sent
    for ask, _ in subject.record.lists:
        assert not (await subject.ask(ask, dry_run="true")).is_error
    assert not (await subject.ask(subject.record.reads, dry_run="true")).is_error


async def test_a_gateways_refusal_is_a_sentence(subject: Subject) -> None:
    """Behind a gateway its refusal is told in its words, with what to do."""
    body = {"message": "the tenant has no credential", "reason": "credential", "remedy": "Set one."}
    subject.strike("status", status=403, body=body, headers={"x-agent-gateway-error": "credential"})
    said = await subject.ask(subject.record.reads, gateway="true")
    assert said.is_error
    assert said.text.splitlines() == ["Refused: The gateway refused this: the tenant has no credential.", "Set one."]


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("proposed", "A policy or a person decides afterwards."),
        ("approved", "It was approved, and the gateway sends it."),
    ],
)
async def test_a_proposal_is_told_as_one(subject: Subject, state: str, told: str) -> None:
    """A write that the gateway stored is a reply that names the proposal and says that it was not sent."""
    headers = {"x-agent-effect": "0199aaaa", "x-agent-effect-state": state}
    subject.strike("status", status=202, body={"proposal": "0199aaaa"}, headers=headers)
    said = await subject.ask(subject.record.writes, gateway="true")
    assert not said.is_error
    assert said.text.startswith(f"Stored as proposal 0199aaaa, and not sent. {told}")
    assert len(subject.sent) == 1


async def test_a_gateways_rate_says_how_long_to_wait(subject: Subject) -> None:
    """A refusal for the gateway's own rate is told as the gateway's, with the seconds that it names."""
    body = {
        "message": "too many requests for this task",
        "reason": "rate",
        "remedy": "Wait as long as Retry-After says.",
    }
    subject.strike("status", status=429, body=body, headers={"x-agent-gateway-error": "rate", "retry-after": "7"})
    said = await subject.ask(subject.record.reads, gateway="true")
    assert said.is_error
    assert said.text.splitlines() == [
        "The gateway refused this: too many requests for this task.",
        "Wait as long as Retry-After says. (Retry-After: 7 s)",
    ]


async def test_a_servers_rate_says_how_long_to_wait(subject: Subject) -> None:
    """A caller over the server's own rate is told in how many seconds to call again; the vendor hears nothing of it."""
    ask = subject.record.reads
    async with subject.open(calls_per_minute="1") as opened:
        assert not (await opened.say(ask.tool, ask.arguments)).is_error
        said = await opened.say(ask.tool, ask.arguments)
    assert said.is_error
    assert re.search(r"^Call again in (59|60) s\.$", said.text, re.MULTILINE), said.text
    assert len(subject.sent) == 1


async def test_the_gateway_is_told_of_the_run(subject: Subject) -> None:
    """Behind a gateway a call carries the run's token and the tool; the credential is the server's own."""
    ask = subject.record.reads
    await subject.ask(ask, subject.caller(ask.tool), gateway="true")
    (entry,) = subject.sent
    assert entry["headers"]["x-task-token"] == "task-token"
    assert entry["headers"]["x-agent-tool"] == ask.tool
    assert entry["authenticated"]
