"""Behind a proxy links lead back through it, and a vendor that cannot be reached is told with the cause."""

import pytest
from conformance.gateways.conftest import Subject
from fixtures.ports import free_ports
from fixtures.serving import serving

TOLD = {"x-forwarded-proto": "https", "x-forwarded-host": "agents.example", "x-forwarded-prefix": "/vendor"}


async def test_links_lead_through_the_proxy_that_was_asked(subject: Subject) -> None:
    """A list's links have the scheme, host and prefix that a trusted proxy tells, and another peer's change nothing."""
    ask = subject.record.listing(1)
    for trusted, begin in (("127.0.0.1", "https://agents.example/vendor/"), ("10.0.0.7", "http://127.0.0.1:")):
        changes = {"trusted_proxies": trusted, "allowed_hosts": "agents.example"}
        async with subject.api.another(**changes) as url:
            reply = await subject.ask(ask, headers=TOLD, url=url)
        assert reply.is_success, reply.text
        assert all(link["url"].startswith(begin) for link in reply.links.values())


async def test_an_unreachable_vendor_is_told_with_the_cause(
    subject: Subject, capsys: pytest.CaptureFixture[str]
) -> None:
    """The caller hears why and no address; the log has both."""
    (port,) = free_ports(1)
    dead = f"http://127.0.0.1:{port}"
    async with subject.api.opened(subject.api.settings, base_url=dead) as app, serving(app) as url:  # type: ignore[call-arg]
        reply = await subject.ask(subject.record.read, url=url)
    assert (reply.status_code, reply.json()["reason"]) == (502, "upstream_unreachable")
    assert reply.json()["message"].endswith("cannot be reached: connection refused")
    assert str(port) in "".join(capsys.readouterr())
