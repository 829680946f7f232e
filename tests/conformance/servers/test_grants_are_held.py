"""A caller with a grant sees and gets what is granted, and nothing else is sent to the vendor."""

from conformance.servers.conftest import Subject


async def test_a_grant_shows_its_own_tools(subject: Subject) -> None:
    """Only granted tools are listed; another is refused, and the vendor hears nothing of it."""
    record = subject.record
    async with subject.open(subject.caller(record.reads.tool)) as opened:
        assert await opened.shown() == [record.reads.tool]
        assert (await opened.say(record.writes.tool, record.writes.arguments)).is_error
        assert not subject.sent
        assert not (await opened.say(record.reads.tool, record.reads.arguments)).is_error


async def test_a_granted_resource_is_read_and_written(subject: Subject) -> None:
    """Every kind of call works for a caller with a grant as for the owner."""
    async with subject.open(subject.granted) as opened:
        for ask in subject.record.asks:
            assert not (await opened.say(ask.tool, ask.arguments)).is_error, ask.tool


async def test_another_resource_is_never_asked_for(subject: Subject) -> None:
    """A resource outside the grant is refused before anything is sent, wherever in the arguments it is named."""
    async with subject.open(subject.granted) as opened:
        for ask in subject.record.asks:
            said = await opened.say(ask.tool, {**ask.arguments, **ask.outside})
            assert said.is_error
            assert "outside this caller's grant; nothing was sent" in said.text
    assert not subject.sent


async def test_a_foreign_item_in_a_reply_is_not_shown(subject: Subject) -> None:
    """Where the vendor's reply holds an item of another resource, the caller gets the others alone."""
    ask, document = subject.record.foreign
    subject.strike("status", status=200, body=document)
    said = await subject.ask(ask, subject.caller(ask.tool))
    assert not said.is_error, said.text
    assert "OWN" in said.text
    assert "FOREIGN" not in said.text


async def test_the_vendor_gets_nothing_of_the_run(subject: Subject) -> None:
    """A server alone sends the vendor neither a task token nor what it would tell a gateway."""
    async with subject.open(subject.granted) as opened:
        for ask in subject.record.asks:
            await opened.say(ask.tool, ask.arguments)
    sent = [name for entry in subject.sent for name in entry["headers"]]
    assert sent
    assert not [name for name in sent if name.startswith(("x-agent", "x-task", "x-person"))]
