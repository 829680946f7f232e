"""A house for a demo: brought up for one story, followed while it works, and stopped at its end."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import yaml
from agent_ledger import get_result, get_task, get_transcript
from agent_stores.pool import open_pool
from agent_vendors.github import GITHUB, REPOSITORIES
from service_kit.errors import ConfigError

from house.file_lock import locked
from house.lifecycle import STOPPED_MEANWHILE, House, cancel_on_signals
from house.options import Options
from house.paths import HousePaths, command

LOOK_SECONDS = 1.0
Say = Callable[[str], None]
RUNS_ALREADY = "a demo runs in this checkout already: wait for it, or set AGENT_BOT_HOME"
"""A second one at once would stop the first one's processes."""


@asynccontextmanager
async def demo_house(
    environ: Mapping[str, str],
    options: Options,
    say: Say,
    *,
    repository: str,
    triggers: Sequence[Mapping[str, object]],
    mode: str = "write",
) -> AsyncIterator[House]:
    """Bring up a house that opens one repository, with these triggers, and stop it in the end.

    Raises:
        ConfigError: a choice is not usable, or the house does not come up.
    """
    house = House(HousePaths.from_environment(environ, "demo"), options, environ)
    house.paths.make()
    cancel_on_signals()
    with locked(house.paths.home / "demo.lock", RUNS_ALREADY):
        house.down()
        for file in ("access.yaml", "triggers.yaml", "proposals.yaml"):
            (house.paths.home / file).unlink(missing_ok=True)
        (house.paths.home / "triggers.yaml").write_text(yaml.safe_dump({"triggers": [dict(one) for one in triggers]}))
        house.init(opened={GITHUB.name: {REPOSITORIES: [repository]}}, mode=mode)
        house.check()
        _say_what_is_real(options, environ, mode != "read", say)
        await house.up(say)
        try:
            with house.needed():
                yield house
        finally:
            house.down()
            say("the demo's processes are stopped")


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


async def follow(house: House, task_id: str) -> int:
    """Show a task's events until it has ended; give the exit status that says how."""
    # In a session of its own: Ctrl-C is for the demo, which ends the task, not for what would say that it goes on.
    process = await asyncio.create_subprocess_exec(
        command("agent-engine"), "tail", task_id, env=house.engine_env(), start_new_session=True
    )
    ended = asyncio.create_task(process.wait())
    try:
        while not (await asyncio.wait({ended}, timeout=LOOK_SECONDS))[0]:
            if not house.runs():  # the command itself would wait a minute for the ledger
                raise ConfigError(STOPPED_MEANWHILE)
        if ended.result() and not house.runs():
            raise ConfigError(STOPPED_MEANWHILE)
        return ended.result()
    finally:
        if process.returncode is None:
            process.terminate()
        await ended


async def show_row(house: House, task: str, say: Say) -> tuple[str, dict[str, Any]]:
    """Show the ledger's row, and keep the transcript; give the task's state and its answer."""
    task_id = UUID(task)
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
    return state, output
