"""The main job, shown: an issue is opened, a signed webhook comes in, a proven answer comes out.

The demo is GitHub's: it opens and reads a GitHub issue. The rest of the house knows vendors by their records alone.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from agent_ledger import get_result, get_task, get_transcript
from agent_stores.pool import open_pool
from agent_vendors.github import GITHUB, REPOSITORIES
from service_kit.errors import ConfigError
from service_kit.http import HttpClient
from service_kit.untrusted_text import for_terminal

from house.approval import approve_all
from house.demo_inputs import by_command_line, by_http, by_redis, by_webhook, open_issue
from house.lifecycle import House, cancel_on_signals, locked
from house.options import Options
from house.paths import HousePaths, command

Say = Callable[[str], None]
CLOCKS_APART_SECONDS = 30
RUNS_ALREADY = "a demo runs in this checkout already: wait for it, or set AGENT_BOT_HOME"
"""A second one at once would stop the first one's processes."""
ISSUE = re.compile(r"^([A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)#([1-9][0-9]*)$")
DOORS = {"redis": by_redis, "http": by_http, "cli": by_command_line}


async def demo(environ: Mapping[str, str], say: Say) -> int:
    """Run the demo; 0 only if the verdict is `succeeded` and the writes it was allowed are really there.

    Raises:
        ConfigError: a choice is not usable, or the house does not come up.
    """
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
    house = House(HousePaths.from_environment(environ, "demo"), options, environ)
    house.paths.make()
    cancel_on_signals()
    with locked(house.paths.home / "demo.lock", RUNS_ALREADY):
        house.down()
        for file in ("access.yaml", "triggers.yaml", "proposals.yaml"):
            (house.paths.home / file).unlink(missing_ok=True)
        house.init(opened={GITHUB.name: {REPOSITORIES: [repository]}}, mode=mode, fire=door == "webhook")
        house.check()
        _say_what_is_real(options, environ, writes, say)
        await house.up(say)
        try:
            with house.needed():
                since = datetime.now(UTC) - timedelta(seconds=CLOCKS_APART_SECONDS)
                task_id, number = await _ask(house, door, repository, number, say)
                code = await _follow(house, task_id)
                if mode == "propose":
                    _demand_untouched(await _issue_now(house, environ, repository, number, since), options, say)
                    code = code or await approve_all(house, task_id, say)
                shown = await _issue_now(house, environ, repository, number, since)
                return await _conclude(house, task_id, code, shown, mode=mode, say=say)
        finally:
            house.down()
            say("the demo's processes are stopped")


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


def _say_what_is_real(options: Options, environ: Mapping[str, str], writes: bool, say: Say) -> None:
    say("real here: the Claude CLI, PostgreSQL, Valkey, control, the worker, github-mcp, github-api, model-api")
    if "github" not in options.real:
        say("a stand-in: GitHub (a local server that behaves like it, and signs its webhooks)")
    else:
        say(f"real: GitHub, {'writes allowed' if writes else 'read-only (ALLOW_WRITES=1 allows writes)'}")
    if "model" not in options.real:
        say("a stand-in: the model (a scripted conversation; nothing here was thought, no money is spent)")
        if environ.get("ANTHROPIC_API_KEY") or environ.get("ANTHROPIC_AUTH_TOKEN"):
            say("a key lies in the environment and is not used: MODEL=real would")
    else:
        say("real: the model; this costs money, at most the skill's budget")


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


async def _follow(house: House, task_id: str) -> int:
    # In a session of its own: Ctrl-C is for the demo, which ends the task, not for what would say that it goes on.
    process = await asyncio.create_subprocess_exec(
        command("agent-engine"), "tail", task_id, env=house.engine_env(), start_new_session=True
    )
    try:
        return await process.wait()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


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
    state, wanted = await _ledger_row(house, UUID(task_id), say)
    # An agent that proposed labels cannot say that they were set: then any that were sent count.
    there = mode == "read" or (
        bool(labels if mode == "propose" else wanted) and wanted <= set(labels) and len(ours) == 1
    )
    if code == 0 and state == "succeeded" and there:
        return 0
    say(f"the demo failed: verdict {state}, labels {labels}, our comments {len(ours)}; {house.paths.home}/log")
    return 1


async def _ledger_row(house: House, task_id: UUID, say: Say) -> tuple[str, set[str]]:
    """Show the ledger's row; give the task's state, and the labels that its answer says were set."""
    pool = await open_pool(house.urls()["DATABASE_URL"], size=1, application="demo")
    async with pool:
        view, result = await get_task(pool, task_id), await get_result(pool, task_id)
        transcript = await get_transcript(pool, task_id) or b""
    state = view.state.value if view is not None else "unknown"
    cost = round(result.cost_usd, 4) if result is not None else 0
    attempts = view.attempt if view is not None else 0
    say(f"ledger: task {task_id} {state}, attempts {attempts}, cost {cost} USD at list prices")
    path = house.paths.home / "transcripts" / f"{task_id}.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.parent.chmod(0o700)
    path.touch(mode=0o600)
    path.write_bytes(transcript)
    say(f"transcript: {path}")
    output = result.output if result is not None and isinstance(result.output, dict) else {}
    return state, set(output.get("labels") or [])
