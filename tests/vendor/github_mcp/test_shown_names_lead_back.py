"""Changed files and labels are named as they are shown; lookalikes of labels make no new ones."""

import re

import pytest
from stand_ins.github.history import ChangedFile
from vendor.github_mcp.conftest import HELLO, Ask, GitHub

WARNING = "\u26a0\ufe0f breaking"


async def test_a_changed_files_diff_opens_as_listed(ask: Ask, github: GitHub) -> None:
    """The path of a changed file is taken as get_files shows it."""
    pull = github.hello.issues[5].pull
    assert pull is not None
    pull.files.append(ChangedFile("a  \u200bb.md", "added", "@@ -0,0 +1 @@\n+found it"))
    asked = {"repository": HELLO, "pull_request": 5}
    listed = await ask("pull_request_read", **asked, method="get_files")
    (shown,) = re.findall(r'"([^"]*b\.md)"', listed.text)
    assert "found it" in (await ask("pull_request_read", **asked, method="get_diff", path=shown)).text


@pytest.mark.parametrize("name", ["\u26a0<U+FE0F> breaking", WARNING, "\u26a0 Breaking"])
async def test_a_lookalike_of_a_label_is_that_label(ask: Ask, github: GitHub, name: str) -> None:
    """As it is shown, as it is, or without what nobody sees: it is the label that is there, and no second one."""
    label = github.app.stand_in.world.add_label(github.hello, WARNING)
    github.hello.issues[1].labels.append(label)
    before = len(github.hello.labels)
    assert '"\u26a0<U+FE0F> breaking"' in (await ask("list_labels", repository=HELLO)).text
    written = await ask("issue_write", repository=HELLO, method="update", issue=1, labels=[name, "brand new"])
    assert not written.is_error
    assert [one.name for one in github.hello.issues[1].labels] == [WARNING, "brand new"]
    assert len(github.hello.labels) == before + 1


async def test_a_label_that_looks_like_two_is_refused(ask: Ask, github: GitHub) -> None:
    """Nothing is written where it cannot be known which label is meant; both are named."""
    for name in ("ready\u200b", "ready\u2060"):
        github.app.stand_in.world.add_label(github.hello, name)
    written = await ask("issue_write", repository=HELLO, method="create", title="New", labels=["ready"])
    assert written.is_error
    assert '"ready<U+200B>" "ready<U+2060>"' in written.text
    assert not [one for one in github.app.controls.log.entries if one["method"] == "POST"]


async def test_a_shown_label_filters(ask: Ask, github: GitHub) -> None:
    """Lists and searches take a label as it is shown."""
    github.hello.issues[1].labels.append(github.app.stand_in.world.add_label(github.hello, WARNING))
    for tool, arguments in (
        ("list_issues", {"labels": ["\u26a0<U+FE0F> breaking"]}),
        ("search_issues", {"query": 'label:"\u26a0<U+FE0F> breaking"'}),
    ):
        assert "#1 open" in (await ask(tool, repository=HELLO, **arguments)).text


async def test_a_label_with_a_comma_is_not_taken_for_two(ask: Ask, github: GitHub) -> None:
    """GitHub's list would look for both halves of such a label: nothing is asked, and the search is named."""
    listed = await ask("list_issues", repository=HELLO, labels=["red, green"])
    assert (listed.is_error, "search_issues" in listed.text) == (True, True)
    assert not github.app.controls.log.entries
