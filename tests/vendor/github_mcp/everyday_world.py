"""What a busy repository holds besides the stand-in's seed: as much as a page shows of each kind."""

from datetime import UTC, datetime, timedelta

from stand_ins.github.history import changes
from stand_ins.github.records import Issue, Pull, Repository
from stand_ins.github.world import World

HELLO = "octocat/hello-world"
PERSON = "kim-example"
"""Who opened several pull requests."""
LONG_FILE = "hello/phrases.py"
LINES, FIRST, LAST = 400, 200, 209
"""How many the long file has, and which of them are asked for."""
SINCE = datetime(2026, 11, 20, tzinfo=UTC)
BEGAN = datetime(2026, 10, 1, 9, tzinfo=UTC)
REPORT = (
    "The job runs in a slim container whose entry point sets no HOME. It stops with `KeyError: 'HOME'` in "
    "`hello/settings.py` before it greets anybody.\n\n"
    "* Version 2.3.0 with Python 3.12, image number {number}\n"
    "* The same image with 2.2.0 fails alike, with 2.1.0 it works\n\n"
    "I expected a default, or a message that says which variable is missing."
)
BRANCHES = (
    *("release/1.x", "release/2.x", "docs/usage-page", "fix/cron-start", "fix/lang-fallback", "kim/plural-forms"),
    *("lin/container-image", "mona/settings-api", "noor/python-versions", "sam/nightly-job"),
)


def make_busy(world: World) -> Repository:
    """Fill the stand-in's repository, and return it."""
    hello = world.named(HELLO)
    _grow(world, hello)
    _talk(world, hello.issues[1])
    for number in range(6):
        at, user = BEGAN + timedelta(days=number), world.user("lin-example")
        issue = world.add_issue(
            hello, title=f"HOME is missing in image {number}", body=REPORT.format(number=number), user=user, at=at
        )
        issue.labels = [hello.labels["bug"], hello.labels["needs reproduction"]][: 1 + number % 2]
    for number in range(8):
        author = PERSON if number % 3 == 0 else "lin-example"
        _open_pull(world, hello, number, author)
    for number, name in enumerate(BRANCHES):
        hello.history.branches[name] = list(hello.history.log(hello.head_sha))[number % 5].sha
    hello.protected |= {hello.default_branch, "release/1.x", "release/2.x"}
    return hello


def pulls_of(hello: Repository, login: str) -> list[tuple[Issue, Pull]]:
    """Return the open pull requests of a person."""
    return [
        (issue, issue.pull)
        for issue in hello.issues.values()
        if issue.pull and issue.user.login == login and issue.state == "open"
    ]


def _grow(world: World, hello: Repository) -> None:
    """Write the long file in seven commits, of which the last is a few words."""
    for number in range(1, 8):
        lines = [f'PHRASE_{line} = "Hello for the {line}th time, {{name}}!"' for line in range(1, LINES + 1)]
        text = "\n".join(lines[: LINES * number // 7]) + "\n"
        hello.history.add(
            hello.default_branch,
            message=f"Add the phrases of part {number}\n\nThey come from the translators' sheet, in its order.",
            author=world.user("mona-example" if number % 2 else PERSON),
            at=BEGAN + timedelta(days=number, hours=3),
            files={**hello.files, LONG_FILE: text.encode()},
        )


def _talk(world: World, issue: Issue) -> None:
    """Say something on an issue twelve times, of which three are later than the date that is asked for."""
    for number in range(12):
        at = SINCE + timedelta(days=number - 9, hours=1)
        body = f"Run {number} of our nightly job failed alike. " + "The container sets no HOME, as before. " * 4
        world.add_comment(issue, body=body, user=world.user("lin-example" if number % 2 else "sam-example"), at=at)


def _open_pull(world: World, hello: Repository, number: int, login: str) -> None:
    title, branch = f"Say goodbye in language {number}", f"goodbye-{number}"
    at, user = BEGAN + timedelta(days=20 + number), world.user(login)
    text = "".join(f'GOODBYE_{line} = "Goodbye, {{name}}! ({number})"\n' for line in range(12 + number))
    files = {**hello.files, f"hello/goodbye_{number}.py": text.encode(), "README.md": hello.files["README.md"] + b"\n"}
    before, base = hello.files, hello.head_sha
    commit = hello.history.add(branch, message=title, author=user, at=at, files=files, parents=[base])
    body = f"Adds what number {number} says when it leaves.\n\nThe texts are from the translators' sheet, see #3."
    issue = world.add_issue(hello, title=title, body=body, user=user, at=at)
    issue.pull = Pull(branch, commit.sha, hello.default_branch, base, files=changes(before, files), draft=number == 3)
