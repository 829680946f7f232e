"""Operations on what is said of a commit: its statuses, and the check runs of Actions with their annotations."""

from starlette.responses import JSONResponse, Response

from stand_ins.github import paging
from stand_ins.github.ask import Ask, Operation
from stand_ins.github.refusal import Refusal, not_found
from stand_ins.github.shapes.checks import annotation_json, check_run_json, combined_status_json


async def get_combined_status(ask: Ask) -> Response:
    """Describe the last status of each context of a commit."""
    sha = _sha(ask)
    latest = list({one.context: one for one in ask.repository.actions.statuses.get(sha, ())}.values())
    page = paging.cut(latest, ask.query)
    shape = combined_status_json(sha, latest, list(page.rows), ask.repository, ask.base)
    return JSONResponse(shape, headers=ask.links(page))


async def list_check_runs(ask: Ask) -> Response:
    """List the check runs of a commit: those of the last attempts, unless all are asked for."""
    asked = dict(ask.query)
    rows = [
        (run, job)
        for run, job in ask.repository.actions.checks(_sha(ask), every=asked.get("filter") == "all")
        if asked.get("check_name") in (None, job.name) and asked.get("status") in (None, job.status)
    ]
    page = paging.cut(rows, ask.query)
    shown = [check_run_json(job, run, ask.repository, ask.base) for run, job in page.rows]
    return JSONResponse({"total_count": len(rows), "check_runs": shown}, headers=ask.links(page))


async def list_annotations(ask: Ask) -> Response:
    """List the annotations of a check run."""
    found = ask.repository.actions.job(ask.request.path_params["check_run_id"])
    if found is None:
        raise not_found(ask.docs)
    run, job = found
    return ask.page(job.annotations, lambda one: annotation_json(one, run, ask.repository, ask.base))


def _sha(ask: Ask) -> str:
    ref = ask.request.path_params["ref"]
    commit = ask.repository.history.find(ref)
    if commit is None:
        raise Refusal(422, f"No commit found for SHA: {ref}", docs=ask.docs)
    return commit.sha


RUNS = "checks/runs"
OPERATIONS = (
    Operation(
        "GET",
        "/commits/{ref:path}/status",
        get_combined_status,
        "commits/statuses#get-the-combined-status-for-a-specific-reference",
        "statuses",
    ),
    Operation(
        "GET",
        "/commits/{ref:path}/check-runs",
        list_check_runs,
        f"{RUNS}#list-check-runs-for-a-git-reference",
        "checks",
    ),
    Operation(
        "GET",
        "/check-runs/{check_run_id:int}/annotations",
        list_annotations,
        f"{RUNS}#list-check-run-annotations",
        "checks",
    ),
)
