"""GitHub's status, body and headers reach the caller; the ways back to GitHub lead through the gateway."""

import asyncio
import re
from typing import Any

import github
import httpx
from agent_contracts import Grant
from vendor.github_api.house import HELLO, UPSTREAM_TOKEN, WRITER, House

REPO = f"/repos/{HELLO}"
NOT_COMPARED = {"date", "server", "content-length", "connection", "transfer-encoding"}
MOVING = ("x-ratelimit-remaining", "x-ratelimit-used", "x-ratelimit-reset", "x-github-request-id", "link", "location")


async def direct(api: House, target: str, **headers: str) -> httpx.Response:
    """Ask the stand-in itself."""
    every = {"authorization": f"Bearer {UPSTREAM_TOKEN}", "accept-encoding": "identity", **headers}
    every.setdefault("accept", "application/vnd.github+json")
    return await api.client.get(api.github_url + target, headers=every)


def told(reply: httpx.Response) -> dict[str, str]:
    """Give the headers that must be equal."""
    return {name: value for name, value in reply.headers.items() if name not in (*NOT_COMPARED, *MOVING)}


async def test_bodies_and_headers_are_byte_true(api: House) -> None:
    """Success, 404, 422 and 410 come through as they are, without our header."""
    token = api.token()
    for target in (
        REPO, f"{REPO}/issues", f"{REPO}/issues/1", f"{REPO}/issues/999", f"{REPO}/labels", f"{REPO}/pulls",
        f"{REPO}/contents/README.md", f"{REPO}/issues?state=nonsense", "/rate_limit",
    ):  # fmt: skip
        ours, theirs = await api.ask("GET", target, token=token), await direct(api, target)
        assert (ours.status_code, told(ours)) == (theirs.status_code, told(theirs)), target
        if target != "/rate_limit":
            assert ours.content == theirs.content, target
        assert set(theirs.headers) - NOT_COMPARED <= set(ours.headers), target
        assert "x-agent-gateway-error" not in ours.headers


async def test_an_etag_is_answered_304(api: House) -> None:
    """If-None-Match goes on, and 304 comes back without a body."""
    token = api.token()
    first = await api.ask("GET", f"{REPO}/issues/1", token=token)
    again = await api.ask("GET", f"{REPO}/issues/1", token=token, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


async def test_links_lead_through_the_gateway(api: House) -> None:
    """Link has our origin as the caller wrote it, the caller's own path and GitHub's query: every page is read."""
    token, base = api.token(), api.url.replace("127.0.0.1", "localhost")
    target, titles = "/repos/OctoCat/hello-world/issues?state=all&per_page=2", []
    while target:
        reply = await api.ask("GET", target, token=token, url=base)
        assert reply.status_code == 200, reply.text
        titles += [issue["title"] for issue in reply.json()]
        following = re.search(r'<([^>]*)>; rel="next"', reply.headers.get("link", ""))
        assert "/repositories/" not in reply.headers.get("link", "")
        if following:
            assert following[1].startswith(f"{base}/repos/OctoCat/hello-world/issues?")
        target = following[1].removeprefix(base) if following else ""
    assert len(titles) == len(set(titles)) == len((await direct(api, f"{REPO}/issues?state=all&per_page=100")).json())


async def test_an_ordinary_client_reads_every_page(api: House) -> None:
    """PyGithub, told only another base URL, pages through issues, comments, labels and a search."""

    def read() -> dict[str, list[Any]]:
        auth = github.Auth.Token(api.services["helper"])
        client = github.Github(
            base_url=api.url,
            auth=auth,
            per_page=2,
            retry=None,
            lazy=True,
            seconds_between_requests=0,
            seconds_between_writes=0,
        )
        repository = client.get_repo(HELLO)
        issue = repository.get_issue(2)
        found: dict[str, list[Any]] = {
            "issues": [issue.number for issue in repository.get_issues(state="all")],
            "labels": [label.name for label in repository.get_labels()],
            "comments": [comment.id for comment in issue.get_comments()],
            "pulls": [pull.number for pull in repository.get_pulls(state="all")],
            "search": [item.number for item in client.search_issues("is:issue", repo=HELLO)],
            "file": [repository.get_contents("README.md").decoded_content],  # type: ignore[union-attr]
            "made": [repository.create_issue("Made by PyGithub", labels=["bug"]).title],
        }
        issue.add_to_labels("question")
        issue.create_comment("Said by PyGithub")
        client.close()
        return found

    found = await asyncio.to_thread(read)
    every = (await direct(api, f"{REPO}/issues?state=all&per_page=100")).json()
    assert sorted(found["issues"]) == sorted(issue["number"] for issue in every if issue["title"] != "Made by PyGithub")
    assert len(found["labels"]) == len((await direct(api, f"{REPO}/labels?per_page=100")).json()) > 2
    assert len(found["comments"]) == 2
    assert len(found["search"]) > 2
    assert found["file"][0].startswith(b"#")
    assert found["made"] == ["Made by PyGithub"]


async def test_a_location_leads_through_the_gateway(api: House) -> None:
    """What was made is found at the gateway."""
    reply = await api.ask("POST", f"{REPO}/issues", service="helper", body={"title": "New"})
    assert reply.status_code == 201
    assert reply.headers["location"] == f"{api.url}{REPO}/issues/{reply.json()['number']}"


async def test_a_moved_repository_is_followed_within_the_grant(api: House) -> None:
    """GitHub's redirect of a read is a new request under table and grant; that of a write is refused."""
    world = api.github.stand_in.world
    repository = world.find("octocat", "hello-world")
    assert repository is not None
    world.rename(repository, "octocat/hello-house")
    both = Grant.model_validate({"resources": {"repositories": [HELLO, "octocat/hello-house"]}, "mode": "write"})
    reply = await api.ask("GET", f"{REPO}/issues?state=all", token=api.token(both))
    assert reply.status_code == 200
    assert [seen["path"] for seen in api.seen] == [
        f"{REPO}/issues", f"/repositories/{repository.id}", "/repos/octocat/hello-house/issues"
    ]  # fmt: skip
    assert api.seen[-1]["query"] == "state=all"
    reply = await api.ask("GET", f"{REPO}/issues/1", token=api.token())
    assert (reply.status_code, reply.json()["reason"]) == (502, "redirect")
    assert "hello-house" not in reply.text
    reply = await api.ask("PATCH", f"{REPO}/issues/1", service="helper", body={"labels": ["bug"]})
    assert (reply.status_code, reply.json()["reason"]) == (502, "redirect")
    assert reply.headers["x-agent-effect-state"] == "failed"


async def test_redirects_to_elsewhere_are_refused(api: House) -> None:
    """Another host, a path outside the table, a circle: none is followed."""
    for location in (
        "http://127.0.0.1:1/repos/octocat/hello-world/issues/1",
        "https://evil.example/repos/octocat/hello-world",
        "//evil.example/repos/octocat/hello-world",
        "/user",
        "/repos/octocat/hello-world/../secret-plans/issues/1",
        "/repos/octocat/secret-plans/issues/1",
        "/repositories/1/../../user",
        "",
    ):
        api.github.controls.log.entries.clear()
        api.fault("status", status=302, headers={"location": location})
        reply = await api.ask("GET", f"{REPO}/issues/1", token=api.token(WRITER))
        assert (reply.status_code, reply.json()["reason"]) == (502, "redirect"), location
        assert len(api.seen) <= 2, location


async def test_links_to_elsewhere_are_dropped(api: House) -> None:
    """A Link or Location to another host does not reach the caller, nor do cookies or our own header."""
    headers = {
        "link": '<https://evil.example/x?page=2>; rel="next", </repositories/1/issues?page=9>; rel="last"',
        "location": "https://evil.example/",
        "set-cookie": "session=1",
        "x-agent-gateway-error": "forged",
        "x-kept": "yes",
    }
    api.fault("status", status=404, headers=headers)
    reply = await api.ask("GET", f"{REPO}/issues", token=api.token())
    assert reply.headers["link"] == f'<{api.url}{REPO}/issues?page=9>; rel="last"'
    assert reply.headers["x-kept"] == "yes"
    assert not {"location", "set-cookie", "x-agent-gateway-error"} & set(reply.headers)
