"""The account's notifications: what is new, what is settled, and what it wants to hear of."""

from agent_contracts import Mode
from mcp_kit.caller import Caller
from service_kit.grants import Bound
from stand_ins.github.notification_records import Notification
from vendor.github_mcp.conftest import HELLO, Ask, GitHub, OpenTools, said


def run(*repositories: str) -> Caller:
    """Return a caller with a grant for these."""
    return Caller("run", Bound(resources={"repositories": list(repositories)}, mode=Mode.write), token="t")


def told(github: GitHub) -> list[Notification]:
    """Return the account's notifications, as the stand-in holds them."""
    return github.app.stand_in.world.notifications


async def test_new_ones_are_listed_with_what_they_are_about(ask: Ask, github: GitHub) -> None:
    """A row has the id, the reason, and the issue or pull request by which it is asked for."""
    answer = await ask("list_notifications")
    assert answer.text.startswith("3 notifications:")
    first = told(github)[0]
    row = f'{first.id} mention, {HELLO}#4 Issue "Which Python versions are supported?" 2026-11-20T09:15Z'
    assert row in answer.text
    assert "octo-org/planning" not in answer.text
    every = await ask("list_notifications", filter="include_read_notifications")
    assert "read assign, octo-org/planning#3" in every.text
    assert "secret-plans" not in (await ask("list_notifications", filter="only_participating")).text


async def test_lists_are_narrowed_and_paged(ask: Ask) -> None:
    """A repository, a time and a limit narrow the list; the cursor leads to its end."""
    assert (await ask("list_notifications", repository=HELLO)).text.startswith(f"2 notifications of {HELLO}:")
    assert (await ask("list_notifications", since="2026-11-20")).text.startswith("1 notifications, narrowed by since:")
    first = await ask("list_notifications", limit=2)
    cursor = first.text.rpartition("next_cursor: ")[2]
    assert "secret-plans" in (await ask("list_notifications", limit=2, cursor=cursor)).text


async def test_one_is_read_with_whether_it_is_watched(ask: Ask, github: GitHub) -> None:
    """By its id one is shown, under the peers' name too; one that is not there is told."""
    thread = told(github)[0].id
    answer = await ask("get_notification_details", notificationID=str(thread))
    assert answer.text.startswith(f"Notification {thread}, whose thread is watched:")
    assert "list_notifications shows" in (await ask("list_notifications", thread=1)).text


async def test_rows_outside_the_grant_are_left_out_and_counted(open_tools: OpenTools) -> None:
    """A caller sees the notifications of its repositories, and how many others there are."""
    client = await open_tools(run(HELLO))
    answer = said(await client.call_tool_mcp("list_notifications", {}))
    assert answer.text.startswith("2 of 3 notifications: 1 of repositories outside this caller's grant were left out.")
    assert "secret-plans" not in answer.text


async def test_one_is_dismissed(ask: Ask, github: GitHub) -> None:
    """A notification is marked read, or done."""
    first, second, *_ = told(github)
    assert f"{HELLO}#4" in (await ask("dismiss_notification", state="read", thread=first.id)).text
    assert not first.unread
    assert not (await ask("dismiss_notification", state="done", thread=second.id)).is_error
    assert second.done
    assert not (await ask("dismiss_notification", state="read", threadID=str(first.id))).is_error
    for wrong in (
        {"state": "read"},
        {"state": "all_read", "thread": second.id},
        {"state": "done", "repository": HELLO},
    ):
        assert "nothing was sent" in (await ask("dismiss_notification", **wrong)).text


async def test_all_are_read_within_the_grant(ask: Ask, open_tools: OpenTools, github: GitHub) -> None:
    """All of a granted repository are marked; all of everything by a grant for everything alone."""
    client = await open_tools(run(HELLO))
    refused = said(await client.call_tool_mcp("dismiss_notification", {"state": "all_read"}))
    assert "Name a repository of the grant." in refused.text
    until = {"repository": HELLO, "last_read_at": "2026-11-19T12:00:00Z"}
    assert not said(await client.call_tool_mcp("mark_all_notifications_read", until)).is_error
    assert [one.unread for one in told(github)] == [True, False, True, False]
    everything = await open_tools(run("*/*"))
    assert not said(await everything.call_tool_mcp("mark_all_notifications_read", {})).is_error
    assert not any(one.unread for one in told(github))


async def test_what_is_outside_the_grant_is_not_touched(open_tools: OpenTools, github: GitHub) -> None:
    """Neither is a notification of another repository read or changed, nor another repository watched."""
    client, secret = await open_tools(run(HELLO)), told(github)[2]
    for tool, arguments in (
        ("list_notifications", {"thread": secret.id}),
        ("dismiss_notification", {"thread": secret.id, "state": "done"}),
        ("manage_notification_subscription", {"thread": secret.id, "action": "ignore"}),
        ("manage_notification_subscription", {"repository": "octocat/secret-plans", "action": "ignore"}),
    ):
        answer = said(await client.call_tool_mcp(tool, arguments))
        assert "outside this caller's grant" in answer.text
        assert "countdown" not in answer.text
    assert not secret.done
    assert secret.subscription is not None
    assert not secret.subscription.ignored


async def test_threads_and_repositories_are_followed(ask: Ask, github: GitHub) -> None:
    """A thread or a repository is watched, ignored, or neither; both at once are not taken."""
    first, watched = told(github)[0], github.app.stand_in.world.watched
    for action in ("ignore", "watch"):
        assert not (await ask("manage_notification_subscription", action=action, thread=first.id)).is_error
        assert not (await ask("manage_notification_subscription", action=action, repository=HELLO)).is_error
        assert first.subscription is not None
        assert first.subscription.ignored is (action == "ignore")
        assert watched[first.user.id, github.hello.id].ignored is (action == "ignore")
    await ask("manage_notification_subscription", action="delete", thread=first.id)
    await ask("manage_notification_subscription", action="delete", repository=HELLO)
    assert first.subscription is None
    assert not watched
    assert f"{first.id}, whose thread is not watched" in (await ask("list_notifications", thread=first.id)).text
    assert "nothing was sent" in (await ask("manage_notification_subscription", action="watch")).text


async def test_an_app_is_told_that_it_has_none(ask: Ask, github: GitHub) -> None:
    """To an App GitHub shows no notifications: the refusal says so, and what does in their place."""
    for token in github.app.stand_in.world.tokens.values():
        token.installation = True
    answer = await ask("list_notifications")
    assert answer.is_error
    assert "to no GitHub App's" in answer.text
    assert "search_issues" in answer.text


async def test_lockdown_leaves_out_titles_of_public_repositories(open_tools: OpenTools) -> None:
    """GitHub does not say who wrote a title, so that those of private repositories alone are shown."""
    client = await open_tools(GITHUB_LOCKDOWN_MODE="true")
    answer = said(await client.call_tool_mcp("list_notifications", {}))
    assert "Which Python versions" not in answer.text
    assert "Crash of the launch countdown" in answer.text
