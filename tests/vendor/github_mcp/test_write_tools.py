"""Branches, files and pull requests that are written, against the stand-in GitHub."""

from typing import Any

import pytest
from stand_ins.kit.faults import Fault, Match
from vendor.github_mcp.conftest import HELLO, READER, Ask, GitHub, OpenTools, Said, said

GREET = "hello/greet.py"


@pytest.fixture
async def ask(open_tools: OpenTools) -> Ask:
    """Give what calls any tool, those that may do harm too."""
    client = await open_tools(MCP_TOOLSETS="all", MCP_TOOLS="delete_file,merge_pull_request")

    async def asking(tool: str, **arguments: Any) -> Said:
        return said(await client.call_tool_mcp(tool, {"repository": HELLO, **arguments}))

    return asking


@pytest.fixture
async def topic(ask: Ask) -> str:
    """A branch of its own."""
    assert not (await ask("create_branch", branch="topic")).is_error
    return "topic"


def sent(github: GitHub) -> list[str]:
    """Return the methods of the requests that wrote."""
    return [str(entry["method"]) for entry in github.app.controls.log.entries if entry["method"] != "GET"]


async def test_a_branch_is_created_where_it_is_asked(ask: Ask, github: GitHub) -> None:
    """At the default branch, or at any ref; the answer has the commit and the address."""
    history = github.hello.history
    made = await ask("create_branch", branch="fix/login")
    assert history.branches["fix/login"] == github.hello.head_sha
    assert f"created at {github.hello.head_sha[:10]}: {github.url}/{HELLO}/tree/fix/login" in made.text
    assert not (await ask("create_branch", branch="old", from_branch="v2.1.0")).is_error
    assert history.branches["old"] == history.tags["v2.1.0"]
    again = await ask("create_branch", branch="old")
    assert (again.is_error, "is there already" in again.text) == (True, True)
    same = await ask("create_branch", branch="old", from_ref="v2.1.0")
    assert (same.is_error, "was there already, and is at" in same.text) == (False, True)


async def test_a_file_is_created_updated_and_left(ask: Ask, github: GitHub, topic: str) -> None:
    """A new file needs no sha; one that is there needs the one it was read with; the same text is not written again."""
    new = {"path": "docs/new.md", "branch": topic, "message": "Add a page"}
    made = await ask("create_or_update_file", content="One\n", **new)
    commit = github.hello.history.commits[github.hello.history.branches[topic]]
    where = f"{github.url}/{HELLO}/commit/{commit.sha}"
    assert made.text == f'"docs/new.md" was created on "topic" of {HELLO} by commit {commit.sha[:10]}: {where}'
    assert (commit.files["docs/new.md"], commit.message) == (b"One\n", "Add a page")
    blind = await ask("create_or_update_file", content="Two\n", **new)
    assert (blind.is_error, "nothing was written" in blind.text) == (True, True)
    shown = (await ask("get_file_contents", path="docs/new.md", ref=topic)).text
    sha = shown.partition(", sha ")[2][:10]
    wrong = await ask("create_or_update_file", content="Two\n", sha="0" * 40, **new)
    assert (wrong.is_error, f"has the sha {sha}" in wrong.text) == (True, True)
    updated = await ask("create_or_update_file", content="Two\n", sha=sha, **new)
    assert "was updated" in updated.text
    now = (await ask("get_file_contents", path="docs/new.md", ref=topic)).text.partition(", sha ")[2][:10]
    head = github.hello.history.branches[topic]
    same = await ask("create_or_update_file", content="Two\n", sha=now, **new)
    assert (same.is_error, "nothing was written" in same.text) == (False, True)
    assert github.hello.history.branches[topic] == head


async def test_where_no_file_can_be_written_is_explained(ask: Ask, github: GitHub) -> None:
    """A branch that is not there, and one that is protected: the next step is another branch."""
    write = {"path": "x.txt", "content": "x", "message": "m"}
    missing = await ask("create_or_update_file", branch="nowhere", **write)
    assert (missing.is_error, "Make it with create_branch" in missing.text) == (True, True)
    github.hello.protected.add("main")
    kept = await ask("create_or_update_file", branch="main", **write)
    assert (kept.is_error, "open a pull request" in kept.text) == (True, True)


async def test_a_file_that_moved_meanwhile_is_not_overwritten(ask: Ask, github: GitHub, topic: str) -> None:
    """GitHub's own check stands behind ours: 409 is told as a change meanwhile."""
    github.app.controls.gate.faults.append(Fault(fault="status", status=409, match=Match(method="PUT")))
    refused = await ask("create_or_update_file", path="x.txt", branch=topic, message="m", content="x")
    assert (refused.is_error, "changed meanwhile" in refused.text) == (True, True)


async def test_a_file_is_deleted_only_as_it_was_read(ask: Ask, github: GitHub, topic: str) -> None:
    """The file goes from that branch alone; a sha that is not its own deletes nothing."""
    gone = {"path": GREET, "branch": topic, "message": "Remove it"}
    wrong = await ask("delete_file", sha="0000000", **gone)
    assert (wrong.is_error, "nothing was written" in wrong.text) == (True, True)
    done = await ask("delete_file", **gone)
    assert "was deleted" in done.text
    assert GREET not in github.hello.history.commits[github.hello.history.branches[topic]].files
    assert GREET in github.hello.files
    assert (await ask("delete_file", **gone)).is_error


async def test_several_files_come_in_one_commit(ask: Ask, github: GitHub, topic: str) -> None:
    """All files are in one commit on top of the branch; the same push again writes nothing."""
    history, before = github.hello.history, github.hello.head_sha
    files = [{"path": GREET, "content": "GREETINGS = {}\n"}, {"path": "docs/a/b.md", "content": "B\n"}]
    pushed = await ask("push_files", branch=topic, message="Two at once", files=files)
    commit = history.commits[history.branches[topic]]
    assert (commit.parents, commit.message) == ((before,), "Two at once")
    assert (commit.files[GREET], commit.files["docs/a/b.md"]) == (b"GREETINGS = {}\n", b"B\n")
    assert "README.md" in commit.files
    assert f"{github.url}/{HELLO}/commit/{commit.sha}" in pushed.text
    assert f'updated "{GREET}"' in pushed.text
    assert 'created "docs/a/b.md"' in pushed.text
    again = await ask("push_files", branch=topic, message="Two at once", files=files)
    assert (again.is_error, "nothing was written" in again.text) == (False, True)
    assert history.branches[topic] == commit.sha


async def test_a_push_that_is_refused_changes_no_file(ask: Ask, github: GitHub) -> None:
    """A protected branch does not move, and the answer says what to do instead."""
    github.hello.protected.add("main")
    head = github.hello.head_sha
    refused = await ask("push_files", branch="main", message="m", files=[{"path": "x", "content": "x"}])
    assert refused.is_error
    assert "no file was changed" in refused.text
    assert "open a pull request" in refused.text
    assert github.hello.head_sha == head


async def test_a_lost_move_of_a_branch_is_told_and_not_repeated(ask: Ask, github: GitHub, topic: str) -> None:
    """A push whose last reply was lost was perhaps done; a second call sees that it was, and writes nothing."""
    github.app.controls.gate.faults.append(Fault(fault="apply_then_drop", match=Match(method="PATCH")))
    push = {"branch": topic, "message": "Once", "files": [{"path": "x.txt", "content": "x"}]}
    lost = await ask("push_files", **push)
    assert (lost.is_error, "may have been done" in lost.text) == (True, True)
    again = await ask("push_files", **push)
    assert (again.is_error, "nothing was written" in again.text) == (False, True)
    log = [one.message for one in github.hello.history.log(github.hello.history.branches[topic])]
    assert log.count("Once") == 1


@pytest.mark.parametrize("path", ["", "/", "../x", "a/../b", "a//b"])
async def test_odd_paths_are_not_written(ask: Ask, github: GitHub, topic: str, path: str) -> None:
    """What is no plain path of a file reaches no branch."""
    head = github.hello.history.branches[topic]
    for tool, arguments in (
        ("create_or_update_file", {"path": path, "content": "x"}),
        ("push_files", {"files": [{"path": path, "content": "x"}]}),
        ("delete_file", {"path": path}),
    ):
        assert (await ask(tool, branch=topic, message="m", **arguments)).is_error, tool
    assert github.hello.history.branches[topic] == head


async def test_a_path_is_given_once(ask: Ask, github: GitHub, topic: str) -> None:
    """Two texts for one file are a mistake; nothing is sent."""
    before = len(sent(github))
    twice = [{"path": "x", "content": "1"}, {"path": "/x", "content": "2"}]
    assert (await ask("push_files", branch=topic, message="m", files=twice)).is_error
    assert len(sent(github)) == before


async def open_pull(ask: Ask, branch: str, **more: Any) -> Said:
    """Write a file on a branch, and open a pull request of it."""
    await ask("create_or_update_file", path="n.txt", content="n", message="m", branch=branch)
    return await ask("create_pull_request", title="Add n", head=branch, base="main", **more)


async def test_a_pull_request_is_opened(ask: Ask, github: GitHub, topic: str) -> None:
    """The answer has its number, address and branches."""
    made = await open_pull(ask, topic, body="Because.", draft=True)
    number, issue = max(github.hello.issues.items())
    assert f"{HELLO}#{number} was opened: {github.url}/{HELLO}/pull/{number}" in made.text
    assert f'#{number} draft "Add n", "topic" ' in made.text
    assert (issue.body, issue.pull and issue.pull.draft) == ("Because.", True)
    again = await ask("create_pull_request", title="Add n", head=topic, base="main")
    assert (again.is_error, "already exists" in again.text) == (True, True)
    for wrong in ({"head": "evil:topic"}, {"head": "nowhere"}, {"base": "nowhere"}):
        assert (await ask("create_pull_request", **{"title": "T", "head": topic, "base": "main", **wrong})).is_error


async def test_a_pull_request_is_changed_and_reviewers_asked(ask: Ask, github: GitHub) -> None:
    """Fields left out stay; reviewers come and go by name."""
    issue = github.hello.issues[5]
    body = issue.body
    done = await ask("update_pull_request", pull_request=5, title="New", reviewers=["octocat"], state="closed")
    assert '#5 closed "New"' in done.text
    assert " octocat\n" in done.text
    assert (issue.title, issue.body, issue.state) == ("New", body, "closed")
    back = await ask("update_pull_request", pullNumber=5, state="open", remove_reviewers=["octocat"])
    assert "#5 open" in back.text
    assert "octocat\n" not in back.text
    assert (await ask("update_pull_request", pull_request=5)).is_error
    stranger = await ask("update_pull_request", pull_request=5, reviewers=["nobody-at-all"])
    assert (stranger.is_error, "collaborators" in stranger.text) == (True, True)
    half = await ask("update_pull_request", pull_request=5, title="Half", reviewers=["nobody-at-all"])
    assert (half.is_error, "Before this failed, title of octocat/hello-world#5 was written." in half.text) == (
        True,
        True,
    )
    assert "is an issue" in (await ask("merge_pull_request", pull_request=1, head_sha="0" * 7)).text


async def test_a_draft_is_made_ready_and_a_draft_again(ask: Ask, github: GitHub) -> None:
    """`draft` sets the state beside other fields; a state that is there already is left alone."""
    pull = github.hello.issues[5].pull
    assert pull is not None
    for draft, shown in ((True, "draft"), (True, "draft"), (False, "open")):
        done = await ask("update_pull_request", pull_request=5, draft=draft, reviewers=["octocat"])
        assert f"#5 {shown} " in done.text, done.text
        assert pull.draft is draft
    alone = await ask("update_pull_request", pull_request=5, draft=True)
    assert ("#5 draft " in alone.text, pull.draft) == (True, True)
    assert len(sent(github)) == 6, "three times reviewers were asked, three times the state was another one"


async def test_a_pull_request_is_merged_as_it_was_read(ask: Ask, github: GitHub) -> None:
    """Another head than the one that was read is not merged; a second merge changes nothing."""
    pull = github.hello.issues[5].pull
    assert pull is not None
    wrong = await ask("merge_pull_request", pull_request=5, head_sha="0" * 40)
    assert (wrong.is_error, pull.head_sha[:10] in wrong.text) == (True, True)
    assert pull.merged_at is None
    done = await ask("merge_pull_request", pull_request=5, head_sha=pull.head_sha[:10], merge_method="squash")
    assert f'{HELLO}#5 was merged into "main" by commit {github.hello.head_sha[:10]}: {github.url}' in done.text
    again = await ask("merge_pull_request", pull_request=5, head_sha=pull.head_sha)
    assert (again.is_error, "was merged before" in again.text) == (False, True)


async def test_what_cannot_be_merged_is_explained(ask: Ask, github: GitHub) -> None:
    """A draft, a conflict, or a head that moved: the reason, and what to do."""
    draft = github.hello.issues[6].pull
    assert draft is not None
    refused = await ask("merge_pull_request", pull_request=6, head_sha=draft.head_sha)
    assert (refused.is_error, "does not merge octocat/hello-world#6 (405)" in refused.text) == (True, True)
    assert "Pull Request is not mergeable" in refused.text
    github.app.controls.gate.faults.append(Fault(fault="status", status=409, match=Match(method="PUT")))
    moved = await ask("merge_pull_request", pull_request=6, head_sha=draft.head_sha)
    assert (moved.is_error, "moved meanwhile" in moved.text) == (True, True)


async def test_a_branch_is_brought_up_to_date(ask: Ask, github: GitHub) -> None:
    """The base is merged into the pull request's branch, unless there is nothing new."""
    pull = github.hello.issues[5].pull
    assert pull is not None
    head = pull.head_sha
    nothing = await ask("update_pull_request_branch", pull_request=5)
    assert (nothing.is_error, "has all of its base already" in nothing.text) == (True, True)
    await ask("create_or_update_file", path="main.txt", content="x", message="m", branch="main")
    done = await ask("update_pull_request_branch", pull_request=5, expectedHeadSha=head)
    assert f"its head was {head[:10]}" in done.text
    assert pull.head_sha != head


async def test_tools_that_may_do_harm_are_off_by_default(open_tools: OpenTools) -> None:
    """Deleting and merging are switched on by name."""
    shown = {tool.name for tool in await (await open_tools(MCP_TOOLSETS="all")).list_tools()}
    assert {"push_files", "create_pull_request"} <= shown
    assert not {"delete_file", "merge_pull_request"} & shown


async def test_a_reader_writes_nothing(open_tools: OpenTools) -> None:
    """Without push access GitHub knows no such operation, and the answer says that access is the reason."""
    client = await open_tools(GITHUB_TOKEN=READER, MCP_TOOLSETS="all")
    files = [{"path": "x", "content": "x"}]
    for tool, arguments in (
        ("create_branch", {"branch": "x"}),
        ("push_files", {"branch": "main", "message": "m", "files": files}),
        ("create_or_update_file", {"path": "x", "content": "x", "message": "m", "branch": "main"}),
        ("create_pull_request", {"title": "T", "head": "file-per-language", "base": "main"}),
    ):
        refused = said(await client.call_tool_mcp(tool, {"repository": HELLO, **arguments}))
        lacks = "Pull requests" if tool == "create_pull_request" else "Contents"
        assert (refused.is_error, f"GITHUB_TOKEN lacks {lacks} (read and write)" in refused.text) == (True, True), tool


async def test_a_dry_run_writes_nothing(open_tools: OpenTools, github: GitHub) -> None:
    """What would be sent first is shown, and no branch moves."""
    client = await open_tools(DRY_RUN="true")
    files = [{"path": "x.txt", "content": "text of x"}]
    arguments = {"repository": HELLO, "branch": "main", "message": "m", "files": files}
    shown = said(await client.call_tool_mcp("push_files", arguments))
    assert "text of x" in shown.text
    assert not sent(github)


async def test_a_dry_run_shows_all_that_a_push_would_send(open_tools: OpenTools, github: GitHub) -> None:
    """The tree, the commit with its message, and the branch that would move; GitHub is sent none of it."""
    client = await open_tools(DRY_RUN="true")
    asked = {"repository": HELLO, "branch": "main", "message": "Say it", "files": [{"path": "a.txt", "content": "x"}]}
    shown = said(await client.call_tool_mcp("push_files", asked)).text
    for part in ("POST /repos/octocat/hello-world/git/trees", "git/commits", '"Say it"', "git/refs/heads%2Fmain"):
        assert part in shown, shown
    assert sent(github) == []
