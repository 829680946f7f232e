"""Operations of GitHub Actions: workflows, runs, jobs with their logs, artifacts; reruns, cancelling and dispatches."""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, TypeVar
from urllib.parse import urlsplit

from starlette.responses import JSONResponse, RedirectResponse, Response

from stand_ins.github import paging
from stand_ins.github.accounts import Role
from stand_ins.github.actions_records import Job, Run, Workflow
from stand_ins.github.actions_world import dispatch, log_seal, rerun
from stand_ins.github.ask import Ask, Operation
from stand_ins.github.refusal import Refusal, gone, invalid_request, must_have_admin_rights, not_found
from stand_ins.github.shapes.actions import (
    artifact_json,
    job_json,
    run_json,
    run_url,
    run_web_url,
    usage_json,
    workflow_json,
)
from stand_ins.kit.faults import CONTROLS

MOST_INPUTS = 25
MOST_NARROWED = 1_000
"""Runs that a list shows which is narrowed, whatever there are."""
Row = TypeVar("Row")


async def list_workflows(ask: Ask) -> Response:
    """List workflows, the oldest first."""
    rows = list(ask.repository.actions.workflows.values())
    return _page(ask, "workflows", rows, lambda one: workflow_json(one, ask.repository, ask.base))


async def get_workflow(ask: Ask) -> Response:
    """Describe a workflow."""
    return JSONResponse(workflow_json(_workflow(ask), ask.repository, ask.base))


async def list_runs(ask: Ask) -> Response:
    """List the runs of a repository, the newest first."""
    return _runs(ask, list(ask.repository.actions.runs.values()))


async def list_workflow_runs(ask: Ask) -> Response:
    """List the runs of a workflow, the newest first."""
    workflow = _workflow(ask)
    return _runs(ask, [one for one in ask.repository.actions.runs.values() if one.workflow is workflow])


async def get_run(ask: Ask) -> Response:
    """Describe a run."""
    return JSONResponse(run_json(_run(ask), ask.repository, ask.base))


async def list_jobs(ask: Ask) -> Response:
    """List the jobs of a run's last attempt, or of all attempts."""
    run = _run(ask)
    return _jobs(ask, run, run.jobs if dict(ask.query).get("filter") == "all" else run.jobs_of())


async def list_attempt_jobs(ask: Ask) -> Response:
    """List the jobs of one attempt of a run."""
    run, attempt = _run(ask), ask.request.path_params["attempt_number"]
    if not 1 <= attempt <= run.attempt:
        raise not_found(ask.docs)
    return _jobs(ask, run, run.jobs_of(attempt))


async def get_job(ask: Ask) -> Response:
    """Describe a job."""
    run, job = _job(ask)
    return JSONResponse(job_json(job, run, ask.repository, ask.base))


async def download_log(ask: Ask) -> Response:
    """Redirect to where a job's log lies: another host, whose address opens it for whoever knows it."""
    _, job = _job(ask)
    if job.log_expired:
        raise gone("Server Error", ask.docs)
    if job.conclusion is None:
        raise not_found(ask.docs)
    parts = urlsplit(ask.base)
    port = f":{parts.port}" if parts.port else ""
    host = "localhost" if parts.hostname == "127.0.0.1" else f"logs.{parts.hostname}"
    return RedirectResponse(
        f"{parts.scheme}://{host}{port}{CONTROLS}logs/{job.id}?sig={log_seal(ask.world, job)}", status_code=302
    )


async def list_artifacts(ask: Ask) -> Response:
    """List a run's artifacts, or those of a name."""
    run, name = _run(ask), dict(ask.query).get("name")
    rows = [one for one in run.artifacts if name in (None, one.name)]
    return _page(ask, "artifacts", rows, lambda one: artifact_json(one, run, ask.repository, ask.base))


async def get_usage(ask: Ask) -> Response:
    """Tell how long a run took."""
    return JSONResponse(usage_json(_run(ask)))


async def rerun_run(ask: Ask) -> Response:
    """Run all jobs of a run again."""
    return _again(ask, [job.name for job in _run(ask).jobs_of()])


async def rerun_failed_jobs(ask: Ask) -> Response:
    """Run the failed jobs of a run again."""
    return _again(ask, [job.name for job in _run(ask).jobs_of() if job.failed])


async def cancel_run(ask: Ask) -> Response:
    """Cancel a run that has not ended."""
    run = _run(ask)
    _demand_write(ask)
    if run.conclusion is not None:
        raise Refusal(409, "Cannot cancel a workflow run that is completed.", docs=ask.docs)
    run.conclusion, run.updated_at = "cancelled", ask.world.clock()
    for job in run.jobs_of():
        job.conclusion, job.completed_at = job.conclusion or "cancelled", job.completed_at or run.updated_at
    return JSONResponse({}, status_code=202)


async def dispatch_workflow(ask: Ask) -> Response:
    """Start a workflow on a branch or tag; tell which run it is where that is asked for."""
    workflow = _workflow(ask)
    _demand_write(ask)
    asked = await ask.fields("Workflow")
    ref, inputs = asked.raw("ref"), asked.raw("inputs") or {}
    if not isinstance(ref, str) or not isinstance(inputs, dict):
        raise invalid_request(ask.docs, '"ref" wasn\'t supplied.')
    branches, tags = ask.repository.history.branches, ask.repository.history.tags
    name = ref.removeprefix("refs/heads/").removeprefix("refs/tags/")
    if name not in branches and name not in tags:
        raise Refusal(422, f"No ref found for: {ref}", docs=ask.docs)
    if workflow.inputs is None:
        raise Refusal(422, "Workflow does not have 'workflow_dispatch' trigger", docs=ask.docs)
    if strange := [name for name in inputs if name not in workflow.inputs][:MOST_INPUTS]:
        shown = ", ".join(f'"{one}"' for one in strange)
        raise Refusal(422, f"Unexpected inputs provided: [{shown}]", docs=ask.docs)
    for wanted, required in workflow.inputs.items():
        if required and wanted not in inputs:
            raise Refusal(422, f"Required input '{wanted}' not provided", docs=ask.docs)
    run = dispatch(ask.world, ask.repository, workflow, branch=name, user=ask.me)
    if not asked.raw("return_run_details"):
        return Response(status_code=204)
    details = {"workflow_run_id": run.id, "run_url": run_url(run, ask.repository, ask.base)}
    return JSONResponse(details | {"html_url": run_web_url(run, ask.repository, ask.base)})


def _again(ask: Ask, names: Sequence[str]) -> Response:
    run = _run(ask)
    _demand_write(ask)
    if run.conclusion is None:
        raise Refusal(403, "This workflow is already running", docs=ask.docs)
    if not names:
        raise Refusal(403, "This workflow run cannot be retried", docs=ask.docs)
    rerun(ask.world, run, names, user=ask.me)
    return JSONResponse({}, status_code=201)


def _demand_write(ask: Ask) -> None:
    if ask.role < Role.write:
        raise must_have_admin_rights(ask.docs)


def _runs(ask: Ask, runs: list[Run]) -> Response:
    asked = dict(ask.query)
    wanted: dict[str, Callable[[Run], str]] = {
        "branch": lambda run: run.branch,
        "event": lambda run: run.event,
        "head_sha": lambda run: run.head_sha,
        "actor": lambda run: run.actor.login.lower(),
    }
    rows = [
        run
        for run in runs
        if all(read(run) == asked[name] for name, read in wanted.items() if name in asked)
        and asked.get("status") in (None, run.status, run.conclusion)
    ]
    rows.sort(key=attrgetter("created_at", "id"), reverse=True)
    if asked.keys() & {*wanted, "status"}:
        rows = rows[:MOST_NARROWED]
    return _page(ask, "workflow_runs", rows, lambda one: run_json(one, ask.repository, ask.base))


def _jobs(ask: Ask, run: Run, jobs: Sequence[Job]) -> Response:
    return _page(ask, "jobs", jobs, lambda one: job_json(one, run, ask.repository, ask.base))


def _page(ask: Ask, key: str, rows: Sequence[Row], shape: Callable[[Row], Any]) -> Response:
    page = paging.cut(rows, ask.query)
    body = {"total_count": len(rows), key: [shape(one) for one in page.rows]}
    return JSONResponse(body, headers=ask.links(page))


def _workflow(ask: Ask) -> Workflow:
    found = ask.repository.actions.workflow(ask.request.path_params["workflow_id"])
    if found is None:
        raise not_found(ask.docs)
    return found


def _run(ask: Ask) -> Run:
    found = ask.repository.actions.runs.get(ask.request.path_params["run_id"])
    if found is None:
        raise not_found(ask.docs)
    return found


def _job(ask: Ask) -> tuple[Run, Job]:
    found = ask.repository.actions.job(ask.request.path_params["job_id"])
    if found is None:
        raise not_found(ask.docs)
    return found


def _operation(method: str, path: str, run: Callable[[Ask], Any], docs: str) -> Operation:
    return Operation(method, f"/actions{path}", run, f"actions/{docs}", "actions")


WORKFLOW, RUN, JOB = "/workflows/{workflow_id}", "/runs/{run_id:int}", "/jobs/{job_id:int}"
RUNS, JOBS = "workflow-runs", "workflow-jobs"
OPERATIONS = (
    _operation("GET", "/workflows", list_workflows, "workflows#list-repository-workflows"),
    _operation("GET", WORKFLOW, get_workflow, "workflows#get-a-workflow"),
    _operation("GET", f"{WORKFLOW}/runs", list_workflow_runs, f"{RUNS}#list-workflow-runs-for-a-workflow"),
    _operation("POST", f"{WORKFLOW}/dispatches", dispatch_workflow, "workflows#create-a-workflow-dispatch-event"),
    _operation("GET", "/runs", list_runs, f"{RUNS}#list-workflow-runs-for-a-repository"),
    _operation("GET", RUN, get_run, f"{RUNS}#get-a-workflow-run"),
    _operation("GET", f"{RUN}/jobs", list_jobs, f"{JOBS}#list-jobs-for-a-workflow-run"),
    _operation(
        "GET",
        f"{RUN}/attempts/{{attempt_number:int}}/jobs",
        list_attempt_jobs,
        f"{JOBS}#list-jobs-for-a-workflow-run-attempt",
    ),
    _operation("GET", f"{RUN}/artifacts", list_artifacts, "artifacts#list-workflow-run-artifacts"),
    _operation("GET", f"{RUN}/timing", get_usage, f"{RUNS}#get-workflow-run-usage"),
    _operation("POST", f"{RUN}/rerun", rerun_run, f"{RUNS}#re-run-a-workflow"),
    _operation("POST", f"{RUN}/rerun-failed-jobs", rerun_failed_jobs, f"{RUNS}#re-run-failed-jobs-from-a-workflow-run"),
    _operation("POST", f"{RUN}/cancel", cancel_run, f"{RUNS}#cancel-a-workflow-run"),
    _operation("GET", JOB, get_job, f"{JOBS}#get-a-job-for-a-workflow-run"),
    _operation("GET", f"{JOB}/logs", download_log, f"{JOBS}#download-job-logs-for-a-workflow-run"),
)
