"""Workflows of GitHub Actions: lists, single things, and running them."""

from typing import Annotated, Literal

from mcp_kit.call import Call
from mcp_kit.errors import ToolFailed, WrongArguments
from mcp_kit.reply import Reply, rows
from mcp_kit.shown_names import Name
from mcp_kit.tool import Cursor, Limit, Unlisted, tool
from pydantic import BeforeValidator, Field

from github_mcp.client.actions import Actions
from github_mcp.models.actions import Run
from github_mcp.tools.arguments import FEWER, Repository, narrowed, require_method

ResourceId = Annotated[Name, BeforeValidator(lambda given: str(given) if type(given) is int else given)]
RunId = Annotated[int, Field(ge=1)]
MOST_INPUTS = 25
Input = Annotated[str, Field(max_length=65_535)]
Status = Literal[
    "completed",
    "success",
    "failure",
    "cancelled",
    "skipped",
    "timed_out",
    "action_required",
    "in_progress",
    "queued",
    "requested",
    "waiting",
    "pending",
]


OF_ONE = ("list_workflow_runs", "list_workflow_jobs", "list_workflow_run_artifacts")
"""What can be listed of one workflow or run."""


class ActionTools:
    """The toolset `actions`, but for the logs."""

    def __init__(self, actions: Actions) -> None:
        self._actions = actions

    @tool("actions")
    async def actions_list(
        self,
        call: Call,
        repository: Repository,
        method: Literal["list_workflows", "list_workflow_runs", "list_workflow_jobs", "list_workflow_run_artifacts"],
        resource_id: Annotated[
            ResourceId | None,
            Field(max_length=255, description="Runs: workflow id or file, or unset; jobs, artifacts: run id"),
        ] = None,
        branch: Annotated[Name | None, Field(max_length=255)] = None,
        event: Annotated[Name | None, Field(max_length=64)] = None,
        status: Status | None = None,
        actor: Annotated[Name | None, Field(max_length=64)] = None,
        head_sha: Annotated[str | None, Field(pattern="^[0-9a-f]{7,40}$")] = None,
        limit: Limit = 20,
        cursor: Cursor = None,
        filter: Annotated[Literal["latest", "all"] | None, Unlisted] = None,  # noqa: A002
    ) -> Reply:
        """List workflows, their runs (newest first, with filters), or a run's jobs or artifacts. Logs: get_job_logs."""
        query = {"branch": branch, "event": event, "status": status, "actor": actor, "head_sha": head_sha}
        require_method(method, "list_workflow_runs", **query)
        require_method(method, *OF_ONE, resource_id=resource_id)
        require_method(method, "list_workflow_jobs", filter=filter)
        if method == "list_workflow_runs":
            if head_sha is not None:
                query["head_sha"] = await self._actions.whole_sha(call, repository, head_sha)
            runs = await self._actions.runs(call, repository, resource_id, limit, query)
            items = rows(f"runs of {repository}", [run.row() for run in runs.rows])
            only = narrowed({"resource_id": resource_id, **query})
            return Reply(f"{runs.count('runs')} of {repository}{only}:", items, runs.here, runs.next, FEWER)
        if method == "list_workflows":
            found = await self._actions.workflows(call, repository, limit)
            items = rows(f"workflows of {repository}", [workflow.row() for workflow in found.rows])
            return Reply(f"{found.count('workflows')} of {repository}:", items, found.here, found.next)
        run = _number(resource_id, method)
        target = f"run {run} of {repository}"
        if method == "list_workflow_jobs":
            jobs = await self._actions.jobs(call, repository, run, limit, attempts=filter or "latest")
            items = rows(f"jobs of {target}", [job.row() for job in jobs.rows])
            of = f"all attempts of {target}" if filter == "all" else target
            return Reply(f"{jobs.count('jobs')} of {of}:", items, jobs.here, jobs.next)
        files = await self._actions.artifacts(call, repository, run, limit)
        items = rows(f"artifacts of {target}", [file.row() for file in files.rows])
        return Reply(f"{files.count('artifacts')} of {target}:", items, files.here, files.next)

    @tool("actions")
    async def actions_get(
        self,
        call: Call,
        repository: Repository,
        method: Literal["get_workflow", "get_workflow_run", "get_workflow_job", "get_workflow_run_usage"],
        resource_id: Annotated[
            ResourceId, Field(max_length=255, description="Id of the run or job; of a workflow id or file, as ci.yml")
        ],
    ) -> Reply:
        """Read one workflow, one run with its jobs, one job with its steps, or how long a run took."""
        if method == "get_workflow":
            workflow = await self._actions.workflow(call, repository, resource_id)
            return Reply(f"A workflow of {repository}:", rows(f"workflow of {repository}", [workflow.row()]))
        number = _number(resource_id, method)
        if method == "get_workflow_job":
            job = await self._actions.job(call, repository, number)
            shown = [job.row(), *job.step_rows()]
            head = f"Job {number} of run {job.run_id} of {repository}:"
            return Reply(head, rows(f"job {number} of {repository}", shown))
        target = f"run {number} of {repository}"
        if method == "get_workflow_run_usage":
            usage = await self._actions.usage(call, repository, number)
            return Reply(f"Time of {target}:", rows(f"time of {target}", usage.rows()))
        run = await self._actions.run(call, repository, number)
        jobs = await self._actions.jobs(call.from_the_start(), repository, number, 100)
        more = " It has more jobs: actions_list with method=list_workflow_jobs." if jobs.next else ""
        failed = any(job.failed for job in jobs.rows)
        step = f" get_job_logs with run_id={number} tells why it failed." if failed else ""
        where = f" {run.address}" if run.address else ""
        head = f"Run {number} of {repository}, and its {jobs.count('jobs')}:{where}{more}{step}"
        return Reply(head, rows(f"facts of {target}", [run.row(), *(job.row() for job in jobs.rows)]))

    @tool("actions", writes=True, destructive=True)
    async def actions_run_trigger(
        self,
        call: Call,
        repository: Repository,
        method: Literal["run_workflow", "rerun_workflow_run", "rerun_failed_jobs", "cancel_workflow_run"],
        run_id: Annotated[RunId | None, Field(description="For all but run_workflow")] = None,
        workflow_id: Annotated[
            ResourceId | None, Field(max_length=255, description="For run_workflow: id or file")
        ] = None,
        ref: Annotated[Name | None, Field(max_length=255, description="For run_workflow: branch or tag")] = None,
        inputs: Annotated[dict[str, Input] | None, Field(max_length=MOST_INPUTS)] = None,
    ) -> Reply:
        """Run a workflow, run a run or its failed jobs again, or cancel it. Not repeatable: a second call runs more."""
        if method == "run_workflow":
            if workflow_id is None or ref is None or run_id is not None:
                raise WrongArguments("run_workflow needs workflow_id and ref, and no run_id; nothing was sent.")
            return await self._dispatch(call, repository, workflow_id, ref, inputs or {})
        if run_id is None or workflow_id is not None or ref is not None or inputs is not None:
            raise WrongArguments(f"{method} needs run_id, and nothing else; nothing was sent.")
        if method == "cancel_workflow_run":
            await self._actions.cancel(call, repository, run_id)
            done = f"GitHub took the order to cancel run {run_id} of {repository}"
        else:
            await self._actions.rerun(call, repository, run_id, failed=method == "rerun_failed_jobs")
            what = "The failed jobs of run" if method == "rerun_failed_jobs" else "Run"
            done = f"{what} {run_id} of {repository} will run again"
        return await self._now(call, repository, run_id, done)

    async def _dispatch(self, call: Call, repository: str, workflow: str, ref: str, inputs: dict[str, str]) -> Reply:
        made = await self._actions.dispatch(call, repository, workflow, ref, inputs)
        if made is not None:
            return await self._now(call, repository, made.workflow_run_id, f"The workflow of {repository} was started")
        step = "actions_list with method=list_workflow_runs and event=workflow_dispatch shows it in a moment."
        return Reply(f"GitHub started the workflow of {repository}, and does not say as which run. {step}")

    async def _now(self, call: Call, repository: str, run_id: int, done: str) -> Reply:
        """Say what was done, and what the run is now: the write stands, whether the run can be read or not."""
        try:
            run: Run = await self._actions.run(call, repository, run_id)
        except ToolFailed:
            return Reply(f"{done}. What it is now could not be read: do not repeat it.")
        where = f": {run.address}" if run.address else "."
        return Reply(f"{done}{where}", rows(f"facts of run {run_id} of {repository}", [run.row()]))


def _number(given: str | None, method: str) -> int:
    if given is None or not (given.isascii() and given.isdigit() and 0 < len(given) <= 18):
        raise WrongArguments(f"{method} needs resource_id, which is a number; nothing was sent.")
    return int(given)
