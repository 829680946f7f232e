"""A file's own bytes pass unread: what was asked for says so, and the path says whose they are."""

import json

import pytest
from agent_contracts import Grant
from vendor.github_api.house import HELLO, House
from vendor.github_api.test_replies_are_the_vendors import direct, told

REPO = f"/repos/{HELLO}"
FOREIGN = {"url": "https://api.github.com/repos/octocat/secret-plans/issues/1", "title": "An issue of elsewhere"}
FILES = {
    "config.json": b'{"name": "x",  "version": 1}\n',
    "data/issue.json": json.dumps(FOREIGN).encode(),
    "data/issues.json": json.dumps([FOREIGN]).encode(),
    "data/broken.json": b'{"name": ',
    "bin/image.png": bytes(range(256)),
    "empty": b"",
}
RAW = ("raw", "raw+json", "v3.raw", "v3.raw+json")


def put(api: House, repository: str = "hello-world") -> None:
    """Put the files into a repository."""
    found = api.github.stand_in.world.find("octocat", repository)
    assert found is not None
    found.files |= FILES


@pytest.mark.parametrize("form", RAW)
async def test_raw_files_pass_byte_for_byte(api: House, form: str) -> None:
    """Text, JSON, broken JSON, bytes, and a file that looks like another repository's issue: each as it is."""
    put(api)
    token, accept = api.token(), f"application/vnd.github.{form}"
    for path in (*FILES, "README.md"):
        target = f"{REPO}/contents/{path}"
        ours = await api.ask("GET", target, token=token, headers={"accept": accept})
        theirs = await direct(api, target, accept=accept)
        assert (ours.status_code, told(ours), ours.content) == (200, told(theirs), theirs.content), path
        assert ours.content == FILES.get(path, ours.content)
        assert api.seen[-2]["headers"]["accept"] == accept


@pytest.mark.parametrize("kind", ["application/json", "application/vnd.github.raw+json", "text/plain"])
async def test_the_replys_content_type_decides_nothing(api: House, kind: str) -> None:
    """A raw file passes whatever GitHub calls it, and what was asked for as JSON is JSON of the grant, or kept back."""
    target, raw = f"{REPO}/contents/data/issue.json", {"accept": "application/vnd.github.raw"}
    api.fault("status", status=200, headers={"content-type": kind}, body=FOREIGN, times=2)
    passed = await api.ask("GET", target, token=api.token(), headers=raw)
    assert (passed.status_code, passed.content) == (200, FILES["data/issue.json"])
    kept = await api.ask("GET", target, token=api.token(), headers={"accept": "application/json"})
    reason = "upstream_broken" if kind == "text/plain" else "reply_foreign"
    assert (kept.status_code, kept.json()["reason"]) == (502, reason)


async def test_a_raw_file_is_within_the_grant_by_its_path(api: House) -> None:
    """Another repository's file is refused before anything is sent, and a redirect to it is not followed."""
    put(api)
    headers = {"accept": "application/vnd.github.raw"}
    target = "/repos/octocat/secret-plans/contents/config.json"
    reply = await api.ask("GET", target, token=api.token(), headers=headers)
    assert (reply.status_code, reply.json()["reason"]) == (403, "resource")
    assert not api.seen
    api.fault("status", status=302, headers={"location": target})
    reply = await api.ask("GET", f"{REPO}/contents/config.json", token=api.token(), headers=headers)
    assert (reply.status_code, reply.json()["reason"]) == (502, "redirect")


async def test_a_moved_repositorys_raw_file_is_followed_within_the_grant(api: House) -> None:
    """A redirect to a repository of the grant is followed, and asks for the same form."""
    put(api)
    world = api.github.stand_in.world
    repository = world.find("octocat", "hello-world")
    assert repository is not None
    world.rename(repository, "octocat/hello-house")
    both = Grant.model_validate({"resources": {"repositories": [HELLO, "octocat/hello-house"]}})
    headers = {"accept": "application/vnd.github.raw+json"}
    reply = await api.ask("GET", f"{REPO}/contents/data/issue.json", token=api.token(both), headers=headers)
    assert (reply.status_code, reply.content) == (200, FILES["data/issue.json"])


async def test_raw_text_of_an_issue_is_still_checked(api: House) -> None:
    """`raw+json` of an issue is JSON with a field, not a file: what it is of is checked."""
    headers = {"accept": "application/vnd.github.raw+json"}
    assert (await api.ask("GET", f"{REPO}/issues/1", token=api.token(), headers=headers)).status_code == 200
    api.fault("status", status=200, headers={"content-type": "application/json"}, body=FOREIGN)
    reply = await api.ask("GET", f"{REPO}/issues/1", token=api.token(), headers=headers)
    assert (reply.status_code, reply.json()["reason"]) == (502, "reply_foreign")
