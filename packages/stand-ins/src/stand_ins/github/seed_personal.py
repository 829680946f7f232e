"""Adds what belongs to accounts, and to no repository: notifications of the operator's account, and gists."""

from datetime import UTC, datetime

from stand_ins.github.gist_records import Gist
from stand_ins.github.notification_records import Notification, Subscription
from stand_ins.github.world import World

TOLD = (
    ("octocat/hello-world", "issues/4", "Issue", "mention", datetime(2026, 11, 20, 9, 15, tzinfo=UTC)),
    ("octocat/hello-world", "pulls/5", "PullRequest", "review_requested", datetime(2026, 11, 19, 8, tzinfo=UTC)),
    ("octocat/secret-plans", "issues/1", "Issue", "subscribed", datetime(2026, 11, 18, 8, tzinfo=UTC)),
    ("octo-org/planning", "issues/3", "Issue", "assign", datetime(2026, 11, 17, 8, tzinfo=UTC)),
)
SNIPPET = 'def hello(name: str) -> str:\n    """Greet a person."""\n    return f"Hello, {name}!"\n'
NOTES = "# Notes on crashes\n\nAll of them happen where HOME is missing.\n"
OWN, PUBLIC = "5a1f0c7be2d94c3b8a6d2f4e9b7c0d13", "c0ffee0b5e55ed1e55a11d0c5f00dfac"


def apply(world: World, account: str) -> None:
    """Tell the account of some conversations, the last of which it has read; make a gist of its own, and another's."""
    own = world.user(account)
    for name, path, kind, reason, at in TOLD:
        repository = world.named(name)
        title = repository.issues[int(path.rpartition("/")[2])].title
        world.notifications.append(
            Notification(world.next_id(), own, repository, kind, path, title, reason, at, subscription=Subscription(at))
        )
    read = world.notifications[-1]
    read.unread, read.read_at = False, read.updated_at
    world.watched[own.id, world.named("octocat/hello-world").id] = Subscription(TOLD[0][-1])
    for gist in (
        Gist(OWN, own, TOLD[1][-1], TOLD[0][-1], False, "What crashes have in common", {"notes.md": NOTES}),
        Gist(
            PUBLIC,
            world.user("mona-example"),
            TOLD[3][-1],
            TOLD[3][-1],
            True,
            "A greeting",
            {"hello.py": SNIPPET, "README.md": "Copy what you like.\n"},
        ),
    ):
        world.gists[gist.id] = gist
