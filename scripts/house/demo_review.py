"""The demo's second story: a pull request is opened whose check failed; it is explained, and reviewed line by line."""

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any

from agent_vendors.github import GITHUB, REPOSITORIES
from service_kit.errors import ConfigError
from service_kit.http import HttpClient
from service_kit.untrusted_text import for_terminal

from house.demo_house import Say, demo_house, follow, show_row
from house.lifecycle import House
from house.options import Options

DELIVERY_LIMIT_SECONDS = 15.0
INPUT = {"repository": "${repository.full_name}", "pull_request": "${pull_request.number}"}
SKILLS = {"explain-failed-checks": "ci-failure", "review-pull-requests": "pr-review"}
"""The skill of each trigger."""
TRIGGERS = [
    {"name": name, "source": "github", "event": "pull_request", "action": "opened", "skill": skill, "input": INPUT}
    for name, skill in SKILLS.items()
]
SETTINGS_PATCH = """\
@@ -1,9 +1,8 @@
 \"\"\"Where the program keeps its settings.\"\"\"

-import os
 from pathlib import Path


 def folder() -> Path:
     \"\"\"Return the settings folder.\"\"\"
-    return Path(os.environ["HOME"]) / ".hello"
+    return Path.home() / ".hello\""""
PULL = {
    "repository": REPOSITORIES.example,
    "title": "Do not stop where HOME is missing",
    "user": "mona",
    "head": "no-home",
    "body": "Asks the password database where `HOME` is not set, as under cron.",
    "files": [{"filename": "hello/settings.py", "patch": SETTINGS_PATCH}],
    "runs": [
        {
            "workflow": "ci.yml",
            "actor": "mona",
            "event": "pull_request",
            "conclusion": "failure",
            "jobs": [
                {"name": "lint", "steps": ["Lint"]},
                {
                    "name": "test",
                    "conclusion": "failure",
                    "steps": ["Set up Python", "Run the tests"],
                    "failed_step": "Run the tests",
                    "log_file": "seed_failed_job.log",
                },
            ],
        }
    ],
}


async def review(environ: Mapping[str, str], say: Say) -> int:
    """Play the story; 0 only if both tasks succeeded, and the comment and the review on lines are really there.

    Raises:
        ConfigError: a choice is not usable here, or the house does not come up.
    """
    options = Options.from_environment(environ)
    for name in ("DOOR", "ISSUE", "MODE"):
        if environ.get(name):
            raise ConfigError(f"{name} does not go together with STORY=review: leave it out")
    if options.real:
        raise ConfigError("STORY=review is played with the stand-ins alone: leave GITHUB and MODEL out")
    async with demo_house(environ, options, say, repository=REPOSITORIES.example, triggers=TRIGGERS) as house:
        number, tasks = await _open_pull(house)
        say(f"@mona opened {PULL['repository']}#{number} at the stand-in GitHub, which sent its signed webhook")
        say("its workflow has run: the job test failed")
        states = {}
        for task, skill in zip(tasks, SKILLS.values(), strict=True):
            say(f"\ntask {task}: {skill}")
            await follow(house, task)
            states[skill], _ = await show_row(house, task, say)
        return _conclude(number, states, await _written(house, number), say)


async def _open_pull(house: House) -> tuple[int, list[str]]:
    """Open the pull request as somebody else; give its number, and the tasks that control made of the webhook."""
    async with HttpClient(base_url=house.paths.url(GITHUB.stand_in)) as http:
        reply = await http.request("POST", "/_stand-in/pulls", json=PULL)
        number = int(reply.json()["number"])
        deadline = time.monotonic() + DELIVERY_LIMIT_SECONDS
        while time.monotonic() < deadline:
            listed = (await http.request("GET", "/_stand-in/deliveries")).json()
            for delivery in listed:
                if delivery["event"] == "pull_request" and delivery["status"] is not None:
                    return number, _tasks(delivery)
            await asyncio.sleep(0.1)
    raise ConfigError(f"the webhook of {number} was not delivered within {DELIVERY_LIMIT_SECONDS:.0f} s")


def _tasks(delivery: Mapping[str, Any]) -> list[str]:
    if delivery["status"] != 202:
        raise ConfigError(f"control answered the webhook with {delivery['status']}: {delivery['reply']}")
    return [str(task["id"]) for task in json.loads(delivery["reply"])["tasks"]]


async def _written(house: House, number: int) -> dict[str, list[dict[str, Any]]]:
    """Read what is at the stand-in now: comments below the pull request, its reviews, and comments on lines."""
    headers = {"Authorization": f"Bearer {house.paths.secret(GITHUB.stand_in_secret)}"}
    repository = f"/repos/{PULL['repository']}"
    paths = {
        "comments": f"{repository}/issues/{number}/comments",
        "reviews": f"{repository}/pulls/{number}/reviews",
        "lines": f"{repository}/pulls/{number}/comments",
    }
    async with HttpClient(base_url=house.paths.url(GITHUB.stand_in), headers=headers) as http:
        return {name: (await http.request("GET", path)).json() for name, path in paths.items()}


def _conclude(number: int, states: Mapping[str, str], written: Mapping[str, list[dict[str, Any]]], say: Say) -> int:
    say(for_terminal(f"\npull request #{number} now: {PULL['title']}"))
    for row in (*written["comments"], *written["reviews"]):
        word = f"review ({row['state'].lower().replace('_', ' ')})" if "state" in row else "comment"
        say(for_terminal(f"  {word} by @{row['user']['login']}:\n    " + row["body"].replace("\n", "\n    ")))
    for row in written["lines"]:
        say(for_terminal(f"  on {row['path']}:{row['line']} by @{row['user']['login']}: {row['body']}"))
    there = len(written["comments"]) == 1 and len(written["reviews"]) == 1 and bool(written["lines"])
    if there and set(states.values()) == {"succeeded"}:
        return 0
    counted = ", ".join(f"{len(rows)} {kind}" for kind, rows in written.items())
    say(f"the demo failed: {', '.join(f'{skill} {state}' for skill, state in states.items())}; {counted}")
    return 1
