"""Where scenarios play: a repository for each, as the stand-in GitHub has it before, and as it is afterwards."""

from typing import Any

from e2e.scenarios.cases import UNTOUCHED, Case
from fixtures.house import RunningHouse

ACCOUNT = "agent-bot"
CI = {"name": "CI", "path": ".github/workflows/ci.yml"}
PASSED = {"name": "test", "steps": ["Run the tests"]}
FAILED = PASSED | {"conclusion": "failure", "failed_step": "Run the tests"}
JOBS = {
    "success": FAILED | {"log_file": "seed_failed_job.log"},
    "log-without-cause": FAILED | {"log": "2026-11-17T10:00:22.0042655Z Run the tests\n"},
    "log-unread": FAILED,
}
BEFORE = {"greet.py": 'print("Hello")\n'}
AFTER = {"greet.py": 'import sys\nprint("Hello", *sys.argv[1:])\n'}
PATCH = '@@ -1 +1,2 @@\n-print("Hello")\n+import sys\n+print("Hello", *sys.argv[1:])'
"""From `BEFORE` to `AFTER`: two new lines."""


def at(day: int) -> str:
    """Return a time of November 2026."""
    return f"2026-11-{day:02}T08:00:00Z"


async def prepare(house: RunningHouse, case: Case) -> None:
    """Make the repository of a case: two tags, a pull request between them or still open, and what its name says."""
    merged = case.skill == "release-notes" or case.name == "merged"
    began = {"message": "Begin", "user": "mona", "at": at(1), "files": BEFORE, "tags": ["v1.0.0"]}
    greets = {"message": "Greet by name (#1)", "user": "mona", "at": at(3), "tags": ["v1.1.0"]}
    pull: dict[str, Any] = {"title": "Greet by name", "user": "mona", "head": "by-name", "at": at(2)}
    pull |= {"merged_as": greets["message"]} if merged else {"files": [{"filename": "greet.py", "patch": PATCH}]}
    repository = {"full_name": case.repository, "commits": [began, greets] if merged else [began], "pulls": [pull]}
    await _post(house, "/_stand-in/repositories", **repository, files=AFTER if merged else BEFORE)
    if case.skill == "ci-failure":
        job = JOBS.get(case.name, PASSED)
        run = {"workflow": "ci.yml", "pull": 1, "actor": "mona", "conclusion": job.get("conclusion", "success")}
        await _post(house, "/_stand-in/workflows", repository=case.repository, **CI)
        await _post(house, "/_stand-in/runs", repository=case.repository, jobs=[job], **run)
    if case.name == "draft-there":
        await _post(house, f"/repos/{case.repository}/releases", tag_name="v1.1.0", body="By hand.", draft=True)


async def written(house: RunningHouse, case: Case) -> dict[str, list[Any]]:
    """Read what is in the repository of a case now that was not before; of a comment its first line."""
    found = dict(UNTOUCHED)
    if case.skill != "release-notes":
        found["comments"] = [one["body"].partition("\n")[0] for one in await _get(house, case, "issues/1/comments")]
        found["reviews"] = [one["state"] for one in await _get(house, case, "pulls/1/reviews")]
        found["lines"] = [(one["path"], one["line"]) for one in await _get(house, case, "pulls/1/comments")]
    drafts = [(one["tag_name"], one["author"]["login"]) for one in await _get(house, case, "releases")]
    found["drafts"] = drafts[: -1 if case.name == "draft-there" else None]
    return found


async def _get(house: RunningHouse, case: Case, path: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = (await house.github("GET", f"/repos/{case.repository}/{path}")).json()
    return listed


async def _post(house: RunningHouse, path: str, /, **order: Any) -> None:
    reply = await house.github("POST", path, json=order)
    assert reply.status == 201, reply.text
