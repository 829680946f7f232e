"""Control behind a proxy: addresses in its answers lead through the proxy, and a slash at the end makes no redirect."""

from fixtures.control import Control, built
from fixtures.serving import serving
from service_kit.http import HttpClient


async def test_addresses_lead_through_the_proxy_that_was_asked(control: Control) -> None:
    """The address of a new task has the prefix that a trusted proxy took off."""
    told = {"x-forwarded-prefix": "/agents", "x-forwarded-proto": "https"}
    task = {"skill": "issue-triage", "input": {"issue": 1}}
    for trusted, begin in (("127.0.0.1", "/agents/v1/tasks/"), ("10.0.0.7", "/v1/tasks/")):
        app = built(control.folder, control.pool, TRUSTED_PROXIES=trusted)
        async with serving(app) as url, HttpClient(base_url=url) as http:
            reply = await http.request("POST", "/v1/tasks", json=task, headers=control.headers | told)
        assert reply.headers["location"].startswith(begin), reply.text
        assert reply.json()["events"].startswith(begin)


async def test_a_slash_at_the_end_makes_no_redirect(control: Control) -> None:
    """Both spellings of a path are served: a redirect would lead around a proxy that ends TLS."""
    reply = await control.http.request("GET", "/v1/tasks/", headers=control.headers)
    assert (reply.status, reply.json()) == (200, {"tasks": []})
