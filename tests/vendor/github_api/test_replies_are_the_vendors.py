"""The ways back to GitHub lead through the gateway, also by the ids under which GitHub knows a repository."""

import asyncio
import re
from typing import Any

import github
from agent_contracts import Grant
from vendor.github_api.house import HELLO, House, hello


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
    assert sorted(titles) == sorted(issue.title for issue in hello(api).issues.values())


async def test_an_ordinary_client_reads_every_page(api: House) -> None:
    """PyGithub, told only another base URL, pages through issues, comments, labels and a search."""
    issues, labels = set(hello(api).issues), set(hello(api).labels)

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
        repository = client.get_repo("octocat/hello-world")
        issue = repository.get_issue(2)
        found: dict[str, list[Any]] = {
            "issues": [issue.number for issue in repository.get_issues(state="all")],
            "labels": [label.name for label in repository.get_labels()],
            "comments": [comment.id for comment in issue.get_comments()],
            "pulls": [pull.number for pull in repository.get_pulls(state="all")],
            "search": [item.number for item in client.search_issues("is:issue", repo="octocat/hello-world")],
            "file": [repository.get_contents("README.md").decoded_content],  # type: ignore[union-attr]
            "made": [repository.create_issue("Made by PyGithub", labels=["bug"]).title],
        }
        issue.add_to_labels("question")
        issue.create_comment("Said by PyGithub")
        client.close()
        return found

    found = await asyncio.to_thread(read)
    assert set(found["issues"]) == issues
    assert len(found["labels"]) == len(labels) > 2
    assert len(found["comments"]) == 2
    assert len(found["search"]) > 2
    assert found["file"][0].startswith(b"#")
    assert found["made"] == ["Made by PyGithub"]


async def test_a_moved_repository_is_followed_within_the_grant(api: House) -> None:
    """GitHub's redirect of a read is a new request under table and grant; that of a write is refused."""
    repository = hello(api)
    api.app.stand_in.world.rename(repository, "octocat/hello-house")
    names = ["octocat/hello-world", "octocat/hello-house"]
    both = Grant.model_validate({"resources": {"repositories": names}, "mode": "write"})
    reply = await api.ask("GET", f"{HELLO}/issues?state=all", token=api.token(both))
    assert reply.status_code == 200
    assert [seen["path"] for seen in api.seen] == [
        f"{HELLO}/issues", f"/repositories/{repository.id}", "/repos/octocat/hello-house/issues"
    ]  # fmt: skip
    assert api.seen[-1]["query"] == "state=all"
    reply = await api.ask("GET", f"{HELLO}/issues/1", token=api.token())
    assert (reply.status_code, reply.json()["reason"]) == (502, "redirect")
    assert "hello-house" not in reply.text
    assert "this gateway's log says where" in reply.json()["remedy"]
    reply = await api.ask("PATCH", f"{HELLO}/issues/1", service="helper", body={"labels": ["bug"]})
    assert (reply.status_code, reply.json()["reason"]) == (502, "redirect")
    assert reply.headers["x-agent-effect-state"] == "failed"
    assert "hello-house" not in reply.text
    reply = await api.ask("PATCH", f"{HELLO}/issues/1", service="mover", body={"state": "open"})
    assert reply.json()["message"] == "octocat/hello-world#1 has moved, and nothing was written"
    assert reply.json()["remedy"] == "Use its present name: octocat/hello-house."


async def test_a_used_up_limit_closes_its_bucket_alone(api: House) -> None:
    """A reply with nothing left closes that bucket until its reset, for all callers; searches have another."""
    api.fault("rate_limit", path="/issues", seconds=90)
    reply = await api.ask("GET", f"{HELLO}/issues/1", token=api.token())
    assert reply.status_code in (403, 429)
    assert "x-agent-gateway-error" not in reply.headers
    before = len(api.seen)
    reply = await api.ask("GET", f"{HELLO}/issues/1", token=api.token())
    assert (reply.status_code, reply.json()["reason"]) == (429, "vendor_rate")
    assert 80 <= int(reply.headers["retry-after"]) <= 91
    assert len(api.seen) == before
    assert (await api.ask("GET", "/search/issues?q=is:issue", token=api.token())).status_code == 200
