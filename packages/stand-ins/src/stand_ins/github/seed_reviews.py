"""Adds to a merged pull request what pushes and an import left: an outdated thread, reviewers who are no people."""

from datetime import UTC, datetime

from stand_ins.github.accounts import User
from stand_ins.github.reviews import ReviewComment, ReviewThread
from stand_ins.github.world import World

AT = datetime(2026, 9, 11, 9, tzinfo=UTC)
PATH, LINE = "tests/test_greet.py", 12
BOT, MANNEQUIN = "greeting-checks[bot]", "imported-ada"


def apply(world: World) -> None:
    """Comment on a line that the diff no longer has; ask a bot and a mannequin for a review that never came."""
    issue = world.named("octocat/hello-world").issues[7]
    assert issue.pull is not None
    review = issue.pull.reviews[0]
    said = ReviewComment(world.next_id(), review.id, review.user, "Does this case need a test of its own?", AT, AT)
    issue.pull.threads.append(ReviewThread(world.next_id(), PATH, LINE, resolved=True, outdated=True, comments=[said]))
    issue.pull.requested_reviewers += [
        User(world.next_id(), BOT, AT),
        User(world.next_id(), MANNEQUIN, AT, is_mannequin=True),
    ]
