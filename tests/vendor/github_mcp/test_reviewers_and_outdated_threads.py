"""What later pushes and an import leave of a review: threads on lines that are gone, reviewers who are no people."""

from vendor.github_mcp.conftest import HELLO, Ask, GitHub

MERGED = {"repository": HELLO, "pull_request": 7}


async def test_reviewers_of_every_kind_are_named(ask: Ask, github: GitHub) -> None:
    """A bot is called as REST calls it, a mannequin by its login, a team with its organization; in lists and alone."""
    team = next(one for one in github.app.stand_in.world.teams if one.slug == "release-crew")
    merged = github.hello.issues[7].pull
    assert merged is not None
    merged.requested_teams.append(team)
    asked = 'reviewers greeting-checks[bot] imported-ada "octo-org/release-crew"'
    assert asked in (await ask("pull_request_read", **MERGED)).text
    assert asked in (await ask("list_pull_requests", repository=HELLO, state="merged")).text


async def test_an_outdated_thread_says_so_with_the_line_that_it_had(ask: Ask) -> None:
    """The diff no longer has its line, so it is the original one."""
    text = (await ask("pull_request_read", **MERGED, method="get_review_comments")).text
    assert ' on "tests/test_greet.py":12, resolved, outdated' in text, text
