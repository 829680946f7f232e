"""A file's own bytes pass unread: what was asked for says so, and the path says whose they are."""

import json

from agent_contracts import Grant
from vendor.github_api.house import HELLO, House, hello

FOREIGN = {"url": "https://api.github.com/repos/octocat/secret-plans/issues/1", "title": "An issue of elsewhere"}
FILES = {
    "config.json": b'{"name": "x",  "version": 1}\n',
    "data/issue.json": json.dumps(FOREIGN).encode(),
    "data/issues.json": json.dumps([FOREIGN]).encode(),
    "data/broken.json": b'{"name": ',
    "bin/image.png": bytes(range(256)),
    "empty": b"",
}
RAW = {"accept": "application/vnd.github.raw+json"}


async def test_raw_files_pass_byte_for_byte(api: House) -> None:
    """Text, JSON, broken JSON, bytes, and a file that looks like another repository's issue: each as it is."""
    hello(api).files.update(FILES)
    for form in ("raw", "raw+json", "v3.raw", "v3.raw+json"):
        headers = {"accept": f"application/vnd.github.{form}"}
        for path, content in FILES.items():
            reply = await api.ask("GET", f"{HELLO}/contents/{path}", token=api.token(), headers=headers)
            assert (reply.status_code, reply.content) == (200, content), (form, path)
            assert api.seen[-1]["headers"]["accept"] == headers["accept"]


async def test_the_replys_content_type_decides_nothing(api: House) -> None:
    """A raw file passes whatever GitHub calls it, and what was asked for as JSON is JSON of the grant, or kept back."""
    target = f"{HELLO}/contents/data/issue.json"
    for kind in ("application/json", "application/vnd.github.raw+json", "text/plain"):
        api.fault("status", status=200, headers={"content-type": kind}, body=FOREIGN, times=2)
        passed = await api.ask("GET", target, token=api.token(), headers=RAW)
        assert (passed.status_code, passed.content) == (200, FILES["data/issue.json"])
        kept = await api.ask("GET", target, token=api.token(), headers={"accept": "application/json"})
        reason = "upstream_broken" if kind == "text/plain" else "reply_foreign"
        assert (kept.status_code, kept.json()["reason"]) == (502, reason)


async def test_a_raw_file_is_within_the_grant_by_its_path(api: House) -> None:
    """Another repository's file is refused before anything is sent, and a redirect to it is not followed."""
    target = "/repos/octocat/secret-plans/contents/config.json"
    reply = await api.ask("GET", target, token=api.token(), headers=RAW)
    assert (reply.status_code, reply.json()["reason"]) == (403, "resource")
    assert not api.seen
    api.fault("status", status=302, headers={"location": target})
    reply = await api.ask("GET", f"{HELLO}/contents/config.json", token=api.token(), headers=RAW)
    assert (reply.status_code, reply.json()["reason"]) == (502, "redirect")


async def test_a_moved_repositorys_raw_file_is_followed_within_the_grant(api: House) -> None:
    """A redirect to a repository of the grant is followed, and asks for the same form."""
    hello(api).files.update(FILES)
    api.app.stand_in.world.rename(hello(api), "octocat/hello-house")
    both = Grant.model_validate({"resources": {"repositories": ["octocat/hello-world", "octocat/hello-house"]}})
    reply = await api.ask("GET", f"{HELLO}/contents/data/issue.json", token=api.token(both), headers=RAW)
    assert (reply.status_code, reply.content) == (200, FILES["data/issue.json"])


async def test_raw_text_of_an_issue_is_still_checked(api: House) -> None:
    """`raw+json` of an issue is JSON with a field, not a file: what it is of is checked."""
    assert (await api.ask("GET", f"{HELLO}/issues/1", token=api.token(), headers=RAW)).status_code == 200
    api.fault("status", status=200, headers={"content-type": "application/json"}, body=FOREIGN)
    reply = await api.ask("GET", f"{HELLO}/issues/1", token=api.token(), headers=RAW)
    assert (reply.status_code, reply.json()["reason"]) == (502, "reply_foreign")


async def test_media_types_come_from_a_closed_list(api: House) -> None:
    """A diff where there is one, never what a route does not give, and no file as a page."""
    pull = next(number for number, issue in hello(api).issues.items() if issue.pull)
    diff = {"accept": "application/vnd.github.diff"}
    reply = await api.ask("GET", f"{HELLO}/pulls/{pull}", token=api.token(), headers=diff)
    assert reply.status_code == 200
    assert reply.text.startswith("diff --git")
    first_given = {"accept": "text/html, application/json;q=0.9, */*;q=0.1"}
    assert (await api.ask("GET", f"{HELLO}/issues/1", token=api.token(), headers=first_given)).status_code == 200
    assert api.seen[-1]["headers"]["accept"] == "application/json"
    for target, form in (
        ("issues/1", "text/html"),
        *(("contents/README.md", f"application/vnd.github.{page}") for page in ("html", "html+json", "v3.html")),
    ):
        reply = await api.ask("GET", f"{HELLO}/{target}", token=api.token(), headers={"accept": form})
        assert (reply.status_code, reply.json()["reason"]) == (406, "media_type"), form
    assert len(api.seen) == 2


async def test_a_files_path_arrives_encoded_once(api: House) -> None:
    """Each segment is decoded once and encoded anew: what needs no escape loses it, what needs one has it."""
    assert (await api.ask("GET", f"{HELLO}/labels/good%20first%20issu%65", token=api.token())).status_code == 200
    await api.ask("GET", f"{HELLO}/contents/docs%2fa;b%20&c+d=e.md?ref=main", token=api.token())
    assert [(seen["path"], seen["query"]) for seen in api.seen] == [
        (f"{HELLO}/labels/good%20first%20issue", ""),
        (f"{HELLO}/contents/docs/a%3Bb%20%26c%2Bd%3De.md", "ref=main"),
    ]
