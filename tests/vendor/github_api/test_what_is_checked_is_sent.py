"""The request that GitHub sees is the one that was checked: tricks in path, query, body and headers end here."""

import asyncio
from collections.abc import AsyncIterator

from agent_contracts import Grant
from vendor.github_api.house import HELLO, House, gateway

REPO = f"/repos/{HELLO}"
TOOLS = ["issue_write", "add_issue_comment"]
GRANT = Grant.model_validate({"tools": TOOLS, "resources": {"repositories": [HELLO]}, "mode": "write"})

PATHS = (
    f"{REPO}/contents/..%2f..%2f..%2f..%2frepos%2foctocat%2fsecret-plans%2fcontents%2fREADME.md",
    f"{REPO}/contents/../../secret-plans/contents/README.md",
    f"{REPO}/contents/docs/%2e%2e/%2e%2e/%2e%2e/secret-plans",
    f"{REPO}/contents/%2e",
    f"{REPO}/contents//README.md",
    f"{REPO}/contents/docs%2f%2fREADME.md",
    f"{REPO}/contents/README.md%00",
    f"{REPO}/contents/README.md%0d%0aX-Evil:%201",
    f"{REPO}/contents/README.md%3fref=other",
    f"{REPO}/contents/README.md%23x",
    f"{REPO}/contents/a%5cb",
    f"{REPO}/contents/%252e%252e",
    f"{REPO}/contents/%ff",
    f"{REPO}/contents/%zz",
    f"{REPO}/contents/x%",
    f"{REPO}/contents/%c2%85",
    f"{REPO}/contents/%e2%80%a8",
    f"{REPO}/labels/..%2f..%2fsecret-plans%2flabels",
    f"{REPO}/labels/a%2fb",
    f"{REPO}/issues/1%2fcomments",
    f"{REPO}/issues/0",
    f"{REPO}/issues/01",
    f"{REPO}/issues/-1",
    f"{REPO}/issues/1e3",
    f"{REPO}/issues/1;x",
    f"{REPO}/issues/%31%20",
    "/repos/octocat/hello-world%2f..%2fsecret-plans/issues/1",
    "/repos/octocat/hello-world./issues/1",
    "/repos/octocat/hello-world;x/issues/1",
    "/repos/octocat/%2e%2e/issues/1",
    "/repos/octocat//issues/1",
    "//repos/octocat/hello-world/issues/1",
    "/repos/./octocat/hello-world/issues/1",
    "/repos/octocat/h%C3%A9llo-world/issues/1",
    "http://127.0.0.1/repos/octocat/secret-plans/issues/1",
)


async def test_path_tricks_are_refused(api: House) -> None:
    """No encoded slash, dot segment, double encoding or control character leads anywhere."""
    token = api.token(GRANT)
    for target in PATHS:
        reply = await api.ask("GET", target, token=token)
        assert reply.status_code in (400, 403, 404), (target, reply.status_code)
        assert reply.headers["x-agent-gateway-error"] in ("path", "unknown_route", "resource"), target
    assert not api.seen


async def test_an_encoded_parameter_arrives_encoded_once(api: House) -> None:
    """Each parameter is decoded once and encoded anew: what needs no escape loses it, what needs one has it."""
    token = api.token(GRANT)
    assert (await api.ask("GET", f"{REPO}/labels/good%20first%20issu%65", token=token)).status_code == 200
    await api.ask("GET", f"{REPO}/contents/docs%2fa;b%20&c+d=e.md?ref=main", token=token)
    paths = [(seen["path"], seen["query"]) for seen in api.seen]
    assert paths == [
        (f"{REPO}/labels/good%20first%20issue", ""),
        (f"{REPO}/contents/docs/a%3Bb%20%26c%2Bd%3De.md", "ref=main"),
    ]


async def test_query_tricks_are_refused(api: House) -> None:
    """Only listed parameters, each once, decoded once."""
    token = api.token(GRANT)
    for target in (
        f"{REPO}/issues?state=open&state=all",
        f"{REPO}/issues?state=open&stat%65=all",
        f"{REPO}/issues?access_token=x",
        f"{REPO}/issues?state",
        f"{REPO}/issues?&",
        f"{REPO}/issues?state=%0d%0aX:1",
        f"{REPO}/issues?state=%ff",
        f"{REPO}/issues?labels[]=bug",
        f"{REPO}/issues?state=open;page=2;x",
        f"{REPO}/issues?labels=" + "x" * 9000,
        f"{REPO}/issues/1?per_page=1",
    ):
        reply = await api.ask("GET", target, token=token)
        if "state=open;" in target:
            assert api.seen[-1]["query"] == "state=open%3Bpage%3D2%3Bx"
            api.github.controls.log.entries.clear()
        else:
            assert (reply.status_code, reply.json()["reason"]) == (400, "query"), target
    assert not api.seen


async def test_body_tricks_are_refused(api: House) -> None:
    """Strict JSON of the right type with listed fields, each once; small, and where the route takes one."""
    token = api.token(GRANT)
    target = f"{REPO}/issues/1"
    for content in (
        b'{"labels":["bug"],"labels":["question"]}',
        b'{"labels":[],"\\u006cabels":["question"]}',
        b'{"labels":[{"name":"bug","name":"question"}]}',
        b'{"title":"x","locked":true}',
        b'{"title":NaN}',
        b'{"title":1e999}',
        b'{"title":"\\ud800"}',
        b'{"title":"\xff"}',
        b'["bug"]',
        b"",
        b"null",
        b'{"title":"x"',
        b"[" * 100_000,
    ):
        reply = await api.ask(
            "PATCH",
            target,
            token=token,
            tool="issue_write",
            content=content,
            headers={"content-type": "application/json"},
        )
        assert (reply.status_code, reply.json()["reason"]) == (400, "body"), content[:50]
    for kind, extra in (
        ("text/plain", {}),
        ("application/x-www-form-urlencoded", {}),
        ("application/json; charset=utf-16", {}),
        ("application/json", {"content-encoding": "gzip"}),
    ):
        headers = {"content-type": kind, **extra}
        reply = await api.ask("PATCH", target, token=token, tool="issue_write", content=b"{}", headers=headers)
        assert (reply.status_code, reply.json()["reason"]) == (415, "content_type"), kind
    reply = await api.ask("GET", target, token=token, content=b"{}")
    assert (reply.status_code, reply.json()["reason"]) == (400, "body")
    big = b'{"title":"' + b"x" * 1_100_000 + b'"}'
    reply = await api.ask("PATCH", target, token=token, tool="issue_write", content=big)
    assert (reply.status_code, reply.json()["reason"]) == (413, "body_too_large")
    assert not api.seen


async def test_media_types_come_from_a_closed_list(api: House) -> None:
    """A diff where there is one, never what a route does not give."""
    token = api.token(GRANT)
    diff = await api.ask(
        "GET", f"{REPO}/pulls/{_pull(api)}", token=token, headers={"accept": "application/vnd.github.diff"}
    )
    assert diff.status_code == 200
    assert diff.text.startswith("diff --git")
    reply = await api.ask("GET", f"{REPO}/issues/1", token=token, headers={"accept": "text/html"})
    assert (reply.status_code, reply.json()["reason"]) == (406, "media_type")
    accept = {"accept": "text/html, application/json;q=0.9, */*;q=0.1"}
    assert (await api.ask("GET", f"{REPO}/issues/1", token=token, headers=accept)).status_code == 200
    assert api.seen[-1]["headers"]["accept"] == "application/json"


async def test_a_page_of_a_file_is_not_given(api: House) -> None:
    """A file as a rendered page is not on the list, whichever way it is asked for."""
    for form in ("html", "html+json", "v3.html"):
        headers = {"accept": f"application/vnd.github.{form}"}
        reply = await api.ask("GET", f"{REPO}/contents/README.md", token=api.token(GRANT), headers=headers)
        assert (reply.status_code, reply.json()["reason"]) == (406, "media_type"), form
    assert not api.seen


async def test_other_hosts_are_not_served(api: House) -> None:
    """A web page that points its own name at this machine gets nothing."""
    for headers in ({"host": "evil.example"}, {"origin": "https://evil.example"}):
        reply = await api.client.get(api.url + f"{REPO}/issues/1", headers=headers)
        assert reply.status_code in (403, 421)


async def test_a_body_that_does_not_come_is_not_waited_for(api: House) -> None:
    """A caller that sends too slowly is answered 408 in time, and nothing went on."""

    async def slowly() -> AsyncIterator[bytes]:
        yield b'{"labels":'
        await asyncio.sleep(0.5)
        yield b"[]}"

    headers = {"authorization": f"Bearer {api.services['helper']}", "content-type": "application/json"}
    async with gateway(api.settings.model_copy(update={"body_seconds": 0.1})) as url:
        reply = await api.client.patch(f"{url}{REPO}/issues/1", headers=headers, content=slowly())
    assert (reply.status_code, reply.json()["reason"]) == (408, "body_timeout")
    assert not api.seen


def _pull(api: House) -> int:
    repository = api.github.stand_in.world.find("octocat", "hello-world")
    assert repository is not None
    return next(number for number, issue in repository.issues.items() if issue.pull)
