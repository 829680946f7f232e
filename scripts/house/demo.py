"""The main job, shown: an issue is opened, a signed webhook comes in, a proven answer comes out.

The demo is GitHub's: it opens and reads a GitHub issue. The rest of the house knows vendors by their records alone.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from agent_vendors.github import GITHUB, REPOSITORIES
from service_kit.errors import ConfigError
from service_kit.http import HttpClient
from service_kit.untrusted_text import for_terminal

from house.approval import approve_all
from house.demo_house import Say, demo_house, follow, show_row
from house.demo_inputs import by_command_line, by_http, by_redis, by_webhook, open_issue
from house.demo_review import review
from house.lifecycle import House
from house.options import Options

CLOCKS_APART_SECONDS = 30
ISSUE = re.compile(r"^([A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)#([1-9][0-9]*)$")
DOORS = {"redis": by_redis, "http": by_http, "cli": by_command_line}


async def demo(environ: Mapping[str, str], say: Say) -> int:
    """Run the demo; 0 only if the verdict is `succeeded` and the writes it was allowed are really there.

    Raises:
        ConfigError: a choice is not usable, or the house does not come up.
    """
    story = environ.get("STORY") or "triage"
    if story not in ("triage", "review"):
        raise ConfigError(f"STORY={story!r} is not usable: give triage or review")
    if story == "review":
        return await review(environ, say)
    if environ.get("ISSUE"):
        environ = {**environ, GITHUB.variable: "real"}
    options = Options.from_environment(environ)
    door = environ.get("DOOR") or ("http" if "github" in options.real else "webhook")
    if door not in ("webhook", *DOORS) or (door == "webhook" and "github" in options.real):
        raise ConfigError(
            f"DOOR={door!r} is not usable here: give one of {', '.join(DOORS)}, or webhook with the stand-in"
        )
    if "github" in options.real and not environ.get("GITHUB_TOKEN"):
        raise ConfigError("GITHUB_TOKEN is not set: the demo itself reads the issue with it, before and after")
    repository, number = _issue(environ.get("ISSUE"))
    writes = "github" not in options.real or environ.get("ALLOW_WRITES") == "1"
    mode = _mode(environ.get("MODE"), door, writes)
    triggers = [GITHUB.first_trigger] if door == "webhook" and GITHUB.first_trigger else []
    async with demo_house(environ, options, say, repository=repository, triggers=triggers, mode=mode) as house:
        since = datetime.now(UTC) - timedelta(seconds=CLOCKS_APART_SECONDS)
        task_id, number = await _ask(house, door, repository, number, say)
        code = await follow(house, task_id)
        if mode == "propose":
            _demand_untouched(await _issue_now(house, environ, repository, number, since), options, say)
            code = code or await approve_all(house, task_id, say)
        shown = await _issue_now(house, environ, repository, number, since)
        return await _conclude(house, task_id, code, shown, mode=mode, say=say)


def _mode(given: str | None, door: str, writes: bool) -> str:
    if given not in (None, "", "write", "propose"):
        raise ConfigError(f"MODE={given!r} is not usable: give write or propose")
    if given != "propose":
        return "write" if writes else "read"
    if not writes:
        raise ConfigError("MODE=propose ends with real writes, after an approval: set ALLOW_WRITES=1 too")
    if door == "cli":
        raise ConfigError("DOOR=cli asks for the task, and may not approve what it proposes: give another door")
    return "propose"


def _issue(given: str | None) -> tuple[str, int]:
    if not given:
        return REPOSITORIES.example, 0
    match = ISSUE.match(given)
    if match is None:
        raise ConfigError(f"ISSUE={given!r} is not usable: give owner/repository#number")
    return match[1], int(match[2])


async def _ask(house: House, door: str, repository: str, number: int, say: Say) -> tuple[str, int]:
    delivery: Mapping[str, Any] = {}
    if not number:
        number, delivery = await open_issue(house)
        say(f"@mona opened {repository}#{number} at the stand-in GitHub, which sent its signed webhook")
    task = {"skill": "issue-triage", "input": {"repository": repository, "issue": number}}
    if door == "webhook":
        task_id = await by_webhook(house, delivery)
    else:
        task_id = await DOORS[door](house, task)
    say(f"task {task_id} came in by {door}")
    return task_id, number


async def _issue_now(
    house: House, environ: Mapping[str, str], repository: str, number: int, since: datetime
) -> dict[str, Any]:
    stand_in = "github" not in house.options.real
    real = environ.get("GITHUB_UPSTREAM_URL") or GITHUB.upstream
    base = house.paths.url(GITHUB.stand_in) if stand_in else real
    token = house.paths.secret(GITHUB.stand_in_secret) if stand_in else environ[GITHUB.credential]
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
    async with HttpClient(base_url=base, headers=headers) as http:
        issue = (await http.request("GET", f"/repos/{repository}/issues/{number}")).json()
        newer = {"since": since.strftime("%Y-%m-%dT%H:%M:%SZ"), "per_page": "100"}
        comments = (await http.request("GET", f"/repos/{repository}/issues/{number}/comments", params=newer)).json()
        me = (await http.request("GET", "/user")).json()
    ours = [comment for comment in comments if comment["user"]["login"] == me.get("login")]
    return {"issue": issue, "labels": [label["name"] for label in issue["labels"]], "ours": ours}


def _demand_untouched(shown: Mapping[str, Any], options: Options, say: Say) -> None:
    """Check that nothing was written before the decision; an issue at the real GitHub may have had labels before."""
    labels = shown["labels"]
    if shown["ours"] or (labels and "github" not in options.real):
        raise ConfigError(f"issue #{shown['issue']['number']} has labels or our comment before anybody decided")
    say(for_terminal(f"\nissue #{shown['issue']['number']} so far: labels {labels}, no comment of ours"))


async def _conclude(house: House, task_id: str, code: int, shown: Mapping[str, Any], *, mode: str, say: Say) -> int:
    issue, labels, ours = shown["issue"], shown["labels"], shown["ours"]
    say(for_terminal(f"\nissue #{issue['number']} now: {issue['title']}\n  state: {issue['state']}; labels: {labels}"))
    for comment in ours:
        say(for_terminal(f"  comment by @{comment['user']['login']}:\n    " + comment["body"].replace("\n", "\n    ")))
    state, output = await show_row(house, task_id, say)
    wanted = set(output.get("labels") or [])
    # An agent that proposed labels cannot say that they were set: then any that were sent count.
    there = mode == "read" or (
        bool(labels if mode == "propose" else wanted) and wanted <= set(labels) and len(ours) == 1
    )
    if code == 0 and state == "succeeded" and there:
        return 0
    say(f"the demo failed: verdict {state}, labels {labels}, our comments {len(ours)}; {house.paths.home}/log")
    return 1
