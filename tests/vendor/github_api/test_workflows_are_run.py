"""GitHub Actions behind the gateway: logs come from the side host, and a write of which the reply was lost is found."""

from functools import partial
from pathlib import Path
from typing import Any

import agent_effects
import asyncpg
import pytest
from agent_contracts import Grant, Mode
from fixtures.gateway import effects, running_task
from vendor.github_api.house import HELLO, REPOSITORY, House, hello, house

TOOL = "actions_run_trigger"
RUNNER = Grant(tools=[TOOL], resources={"repositories": [REPOSITORY]}, mode="write")
ACTIONS = f"{HELLO}/actions"
RUN = f"{ACTIONS}/runs/6100003"
LOG = f"{ACTIONS}/jobs/7100004/logs"
DISPATCH = f"{ACTIONS}/workflows/release.yml/dispatches"
RELEASE = {"ref": "main", "inputs": {"version": "3.0.0"}, "return_run_details": True}
STATE = "x-agent-effect-state"
LATER = "update gateway.effects set sent_at = sent_at - interval '121 seconds' where state = 'unknown'"


async def runner(api: House, pool: asyncpg.Pool, mode: Mode = Mode.write) -> Any:
    """Return a function that writes for a running task."""
    task, attempt = await running_task(pool)
    token = api.token(RUNNER.model_copy(update={"mode": mode}), task=task, attempt=attempt)
    return partial(api.ask, "POST", token=token, tool=TOOL)


async def test_every_read_passes_and_holds_its_repository_alone(api: House) -> None:
    """Lists and single things of the granted repository pass; another repository's, in whatever place, does not."""
    paths = [
        "/actions/workflows",
        "/actions/workflows/ci.yml",
        "/actions/workflows/510001/runs?branch=main",
        "/actions/runs?status=failure&head_sha=" + "0" * 40,
        "/actions/runs/6100003",
        "/actions/runs/6100003/jobs?filter=latest",
        "/actions/runs/6100003/attempts/1/jobs",
        "/actions/runs/6100001/artifacts",
        "/actions/runs/6100001/timing",
        "/actions/jobs/7100004",
        "/commits/main/status",
        "/commits/settings-without-home/check-runs",
        "/check-runs/7100004/annotations",
    ]
    for path in paths:
        reply = await api.ask("GET", HELLO + path, token=api.token())
        assert reply.status_code == 200, (path, reply.text)
        other = await api.ask("GET", f"/repos/octocat/secret-plans{path}", token=api.token())
        assert (other.status_code, other.json()["reason"]) == (403, "resource")
    foreign = {"url": "https://api.github.com/repos/octocat/secret-plans/actions/runs/1"}
    for path, body in (
        ("/actions/runs/6100003", foreign),
        ("/actions/runs", {"total_count": 1, "workflow_runs": [foreign]}),
        ("/actions/runs", {"total_count": 0}),
    ):
        api.fault("status", status=200, body=body)
        reply = await api.ask("GET", HELLO + path, token=api.token())
        assert (reply.status_code, reply.json()["reason"]) == (502, "reply_foreign"), path


async def test_a_log_comes_from_a_listed_host_without_the_credential(api: House) -> None:
    """The gateway follows GitHub's redirect itself. The stand-in's host of logs refuses whoever shows a credential."""
    reply = await api.ask("GET", LOG, token=api.token())
    assert reply.status_code == 200
    assert "Could not determine home directory." in reply.text
    api.fault("status", path="/logs$", status=302, headers={"location": "http://127.0.0.1:1/elsewhere"})
    reply = await api.ask("GET", LOG, token=api.token())
    assert (reply.status_code, reply.json()["reason"]) == (502, "redirect")


async def test_a_host_that_is_not_listed_is_not_asked(tmp_path: Path, database_url: str) -> None:
    """By default logs are read from GitHub's own hosts alone."""
    async with house(tmp_path, database_url, downloads="*.blob.core.windows.net") as api:
        reply = await api.ask("GET", LOG, token=api.token())
        assert (reply.status_code, reply.json()["reason"]) == (502, "redirect")


async def test_a_log_that_looks_like_another_repositorys_passes(api: House) -> None:
    """A log is a text, whatever it says: the path has named its repository."""
    found = hello(api).actions.job(7100004)
    found[1].log = '{"url": "https://api.github.com/repos/octocat/secret-plans/issues/1"}'
    reply = await api.ask("GET", LOG, token=api.token())
    assert (reply.status_code, reply.text) == (200, found[1].log)


async def test_each_order_is_an_effect_of_its_run_or_workflow(api: House, pool: asyncpg.Pool) -> None:
    """A rerun, a cancellation and a dispatch each have a row that says on what, and where it can be read."""
    write = await runner(api, pool)
    again = await write(f"{RUN}/rerun-failed-jobs")
    stopped = await write(f"{RUN}/cancel")
    made = await write(DISPATCH, body=RELEASE)
    assert [one.status_code for one in (again, stopped, made)] == [201, 202, 200], made.text
    task = (await effects(pool))[0]["task_id"]
    done = await agent_effects.effects_of(pool, task)
    assert [(effect.target, effect.state, effect.fields) for effect in done] == [
        (f"{REPOSITORY}/actions/runs/6100003", "done", []),
        (f"{REPOSITORY}/actions/runs/6100003", "done", []),
        (f"{REPOSITORY}/actions/workflows/release.yml", "done", ["inputs", "ref", "return_run_details"]),
    ]
    assert (await effects(pool))[2]["url"] == made.json()["html_url"]


async def test_an_order_whose_reply_was_lost_happens_once(api: House, pool: asyncpg.Pool) -> None:
    """The new attempt and the new run are found by what our own account did since, and nothing is sent again."""
    write = await runner(api, pool)
    for path, body in ((f"{RUN}/rerun", None), (DISPATCH, RELEASE)):
        api.fault("apply_then_drop", method="POST")
        first = await write(path, body=body)
        again = await write(path, body=body)
        assert [one.headers[STATE] for one in (first, again)] == ["done", "done"], again.text
        assert again.headers["x-agent-effect-repeat"] == "1"
    runs = hello(api).actions.runs
    assert runs[6100003].attempt == 2
    assert len([run for run in runs.values() if run.event == "workflow_dispatch"]) == 1


async def test_an_order_that_never_arrived_is_sent_later(api: House, pool: asyncpg.Pool) -> None:
    """What nobody did stays unknown for a while; when it can no longer come, a repeat sends it."""
    write = await runner(api, pool)
    for path, body in ((f"{RUN}/rerun", None), (DISPATCH, RELEASE)):
        api.fault("drop_before", method="POST")
        assert (await write(path, body=body)).headers[STATE] == "unknown"
        assert (await write(path, body=body)).json()["reason"] == "effect_unknown"
        await pool.execute(LATER)
        assert (await write(path, body=body)).headers[STATE] == "done"


async def test_where_several_runs_fit_nothing_is_claimed(api: House, pool: asyncpg.Pool) -> None:
    """With another run of the same workflow, ref and account since then, it cannot be told whether ours is one."""
    write = await runner(api, pool)
    assert (await write(DISPATCH, body=RELEASE)).status_code == 200
    api.fault("apply_then_drop", method="POST")
    other = {**RELEASE, "inputs": {"version": "4.0.0"}}
    assert (await write(DISPATCH, body=other)).headers[STATE] == "unknown"
    await pool.execute(LATER)
    assert (await write(DISPATCH, body=other)).json()["reason"] == "effect_unknown"


async def test_an_approver_reads_what_runs(api: House, pool: asyncpg.Pool) -> None:
    """A proposal shows the run as it is, and the workflow that is to be started, with its inputs."""
    propose = await runner(api, pool, Mode.propose)
    assert (await propose(f"{RUN}/rerun")).status_code == 202
    assert (await propose(DISPATCH, body=RELEASE)).status_code == 202
    shown = {found.route.rpartition("/")[2]: found.shown for found in await agent_effects.proposals(pool)}
    assert "settings-without-home" in shown["rerun"]
    assert "failure" in shown["rerun"]
    assert ".github/workflows/release.yml" in shown["dispatches"]
    assert "3.0.0" in shown["dispatches"]
    assert hello(api).actions.runs[6100003].attempt == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/actions/runs/6100003"),
        ("DELETE", "/actions/runs/6100003/logs"),
        ("GET", "/actions/runs/6100003/logs"),
        ("GET", "/actions/secrets"),
        ("GET", "/actions/artifacts/1/zip"),
        ("PUT", "/actions/workflows/ci.yml/disable"),
        ("GET", "/actions/workflows/..%2f..%2fsecrets"),
        ("GET", "/commits/a%2f..%2fb/status"),
    ],
)
async def test_what_is_not_in_the_table_is_refused(api: House, method: str, path: str) -> None:
    """Nothing is deleted or disabled, and no archive or secret is read."""
    reply = await api.ask(method, HELLO + path, token=api.token(), tool=TOOL)
    assert reply.status_code in (400, 403, 404, 405)
    assert "x-agent-gateway-error" in reply.headers
    assert not api.seen
