"""Workflows, runs, jobs and artifacts against the stand-in GitHub; running, rerunning and cancelling them."""

import re

import httpx
import pytest
from stand_ins.kit.faults import Fault, Match
from vendor.github_mcp.conftest import HELLO, READER, TOKEN, Ask, GitHub, OpenTools, said

RUN, JOB = 6100003, 7100004
RELEASE = {"method": "run_workflow", "workflow_id": "release.yml", "ref": "main", "inputs": {"version": "3.0.0"}}


async def test_workflows_and_runs_are_listed(ask: Ask) -> None:
    """A row has the id to go on with, how it ended, its branch and commit, and the pull request that it is for."""
    workflows = await ask("actions_list", repository=HELLO, method="list_workflows")
    assert '510001 active "CI" ".github/workflows/ci.yml"' in workflows.text
    runs = await ask("actions_list", repository=HELLO, method="list_workflow_runs")
    assert re.findall(r"(?m)^run (\d+) (\w+): \"CI\" #(\d)", runs.text) == [
        (str(RUN), "failure", "2"),
        ("6100001", "success", "1"),
    ]
    assert "pull_request by mona-example" in runs.text
    assert "pull request #5" in runs.text


async def test_runs_are_narrowed(ask: Ask, github: GitHub) -> None:
    """By branch, event, status, person, commit and workflow; filters that go with nothing else are refused unsent."""
    sha = github.hello.actions.runs[RUN].head_sha
    for narrowing in (
        {"branch": "settings-without-home"},
        {"event": "pull_request"},
        {"status": "failure"},
        {"actor": "mona-example"},
        {"head_sha": sha},
        {"head_sha": sha[:7]},
        {"resource_id": "ci.yml", "status": "failure"},
        {"resource_id": 510001, "branch": "settings-without-home"},
    ):
        answer = await ask("actions_list", repository=HELLO, method="list_workflow_runs", **narrowing)
        assert re.findall(r"(?m)^run (\d+)", answer.text) == [str(RUN)], narrowing
    sent = len(github.app.controls.log.entries)
    wrong = await ask("actions_list", repository=HELLO, method="list_workflows", branch="main")
    assert (wrong.is_error, "branch goes with method=list_workflow_runs" in wrong.text) == (True, True)
    missing = await ask("actions_list", repository=HELLO, method="list_workflow_jobs")
    assert (missing.is_error, "needs resource_id" in missing.text) == (True, True)
    assert len(github.app.controls.log.entries) == sent


async def test_jobs_and_artifacts_of_a_run(ask: Ask) -> None:
    """A failed job names the step at which it failed; an artifact its size and until when it is kept."""
    jobs = await ask("actions_list", repository=HELLO, method="list_workflow_jobs", resource_id=RUN)
    assert f'job {JOB} failure "test", 53 s, step 5 failure: "Run the tests"' in jobs.text
    files = await ask("actions_list", repository=HELLO, method="list_workflow_run_artifacts", resource_id="6100001")
    assert '"coverage" 20480 bytes, kept until 2026-12-14' in files.text


async def test_single_things_are_read(ask: Ask) -> None:
    """A workflow, a run with its jobs and the next step, a job with its steps, and a run's time."""
    workflow = await ask("actions_get", repository=HELLO, method="get_workflow", resource_id="ci.yml")
    assert '510001 active "CI"' in workflow.text
    run = await ask("actions_get", repository=HELLO, method="get_workflow_run", resource_id=RUN)
    assert f"/actions/runs/{RUN}" in run.text
    assert f"get_job_logs with run_id={RUN}" in run.text
    assert 'job 7100003 success "lint"' in run.text
    job = await ask("actions_get", repository=HELLO, method="get_workflow_job", resource_id=JOB)
    assert re.findall(r"(?m)^step \d (\w+)", job.text) == ["success"] * 4 + ["failure", "skipped", "success"]
    usage = await ask("actions_get", repository=HELLO, method="get_workflow_run_usage", resource_id=6100001)
    assert '"UBUNTU" 2 jobs, 69 s billed' in usage.text


async def test_runs_go_on_by_cursor(ask: Ask, github: GitHub) -> None:
    """Page by page each run comes once."""
    for _ in range(5):
        assert not (await ask("actions_run_trigger", repository=HELLO, **RELEASE)).is_error
    seen: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(9):
        answer = await ask("actions_list", repository=HELLO, method="list_workflow_runs", limit=3, **cursor)
        seen += re.findall(r"(?m)^run (\d+)", answer.text)
        found = re.search(r"next_cursor: (\S+)", answer.text)
        if found is None:
            break
        cursor = {"cursor": found[1]}
    assert len(seen) == len(set(seen)) == len(github.hello.actions.runs) == 7


@pytest.mark.parametrize(
    ("tool", "arguments", "path"),
    [
        ("actions_list", {"method": "list_workflow_runs"}, "runs"),
        ("actions_list", {"method": "list_workflow_jobs", "resource_id": RUN}, f"runs/{RUN}/jobs"),
        ("actions_list", {"method": "list_workflows"}, "workflows"),
        ("actions_list", {"method": "list_workflow_run_artifacts", "resource_id": 6100001}, "runs/6100001/artifacts"),
        ("actions_get", {"method": "get_workflow_run", "resource_id": RUN}, f"runs/{RUN}"),
        ("actions_get", {"method": "get_workflow_job", "resource_id": JOB}, f"jobs/{JOB}"),
    ],
)
async def test_replies_cost_few_bytes(
    ask: Ask, github: GitHub, tool: str, arguments: dict[str, object], path: str
) -> None:
    """What an agent reads has at most 40 % of the bytes of GitHub's own reply to the same question."""
    answer = await ask(tool, repository=HELLO, **arguments)
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(verify=False, base_url=github.url, headers=headers) as http:
        raw = await http.get(f"/repos/{HELLO}/actions/{path}")
    print(f"{path}: ours {len(answer.text.encode())}, raw {len(raw.content)}")
    assert len(answer.text.encode()) <= 0.4 * len(raw.content)


async def test_a_run_is_run_again_and_cancelled(ask: Ask, github: GitHub) -> None:
    """The reply says what the run is now and where it is read; what GitHub refuses comes with its words."""
    again = await ask("actions_run_trigger", repository=HELLO, method="rerun_failed_jobs", run_id=RUN)
    assert "will run again: http" in again.text
    assert f"run {RUN} queued attempt 2" in again.text
    twice = await ask("actions_run_trigger", repository=HELLO, method="rerun_workflow_run", run_id=RUN)
    assert (twice.is_error, "is running already" in twice.text) == (True, True)
    gone = await ask("actions_run_trigger", repository=HELLO, method="cancel_workflow_run", run_id=RUN)
    assert f"run {RUN} cancelled attempt 2" in gone.text
    late = await ask("actions_run_trigger", repository=HELLO, method="cancel_workflow_run", run_id=RUN)
    assert (late.is_error, "has ended" in late.text) == (True, True)
    assert github.hello.actions.runs[RUN].attempt == 2


async def test_a_workflow_is_started(ask: Ask, github: GitHub) -> None:
    """The reply names the new run; an input or ref that does not fit is named in GitHub's words."""
    made = await ask("actions_run_trigger", repository=HELLO, **RELEASE)
    (run,) = [one for one in github.hello.actions.runs.values() if one.event == "workflow_dispatch"]
    assert f"/actions/runs/{run.id}" in made.text
    for wrong, words in (({"ref": "nowhere"}, "No ref found for: nowhere"), ({"inputs": {"odd": "1"}}, '["odd"]')):
        answer = await ask("actions_run_trigger", repository=HELLO, **{**RELEASE, **wrong})
        assert (answer.is_error, words in answer.text) == (True, True), answer.text
    assert len([one for one in github.hello.actions.runs.values() if one.event == "workflow_dispatch"]) == 1


async def test_an_older_server_does_not_tell_the_run(ask: Ask, github: GitHub) -> None:
    """Where the dispatch has an empty reply, the tool says how the run is found."""
    github.app.controls.gate.order(b'{"fault": "status", "match": {"method": "POST"}, "status": 204, "body": null}')
    answer = await ask("actions_run_trigger", repository=HELLO, **RELEASE)
    assert (answer.is_error, "event=workflow_dispatch" in answer.text) == (False, True), answer.text


async def test_an_enterprise_server_starts_a_workflow_too(ask: Ask, github: GitHub) -> None:
    """One that refuses to tell the run, as it knows no such key, is asked once more without it."""
    key = {"message": 'Invalid request.\n\n"return_run_details" is not a permitted key.'}
    github.app.controls.gate.faults.append(
        Fault(fault="status", status=422, body=key, match=Match(method="POST", body_regex="return_run_details"))
    )
    answer = await ask("actions_run_trigger", repository=HELLO, **RELEASE)
    assert (answer.is_error, "event=workflow_dispatch" in answer.text) == (False, True), answer.text
    assert len([one for one in github.hello.actions.runs.values() if one.event == "workflow_dispatch"]) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        {"method": "run_workflow"},
        {"method": "run_workflow", "workflow_id": "ci.yml"},
        {"method": "rerun_workflow_run"},
        {"method": "cancel_workflow_run", "run_id": RUN, "ref": "main"},
        {**RELEASE, "inputs": {f"i{number}": "x" for number in range(26)}},
    ],
)
async def test_wrong_orders_are_not_sent(ask: Ask, github: GitHub, arguments: dict[str, object]) -> None:
    """Each method takes its own arguments, and says which."""
    assert (await ask("actions_run_trigger", repository=HELLO, **arguments)).is_error
    assert not github.app.controls.log.entries


async def test_who_may_not_write_is_told(open_tools: OpenTools) -> None:
    """Without write access nothing runs, and the reply says what the token lacks."""
    client = await open_tools(GITHUB_TOKEN=READER)
    order = {"repository": HELLO, "method": "rerun_workflow_run", "run_id": RUN}
    answer = said(await client.call_tool_mcp("actions_run_trigger", order))
    assert (answer.is_error, "write access" in answer.text) == (True, True), answer.text
