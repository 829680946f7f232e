"""Workflows of GitHub Actions: what they are, how they ran, their logs; and running, rerunning and cancelling them."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from mcp_kit.call import Call
from mcp_kit.error_messages import Meaning
from mcp_kit.errors import ToolFailed
from mcp_kit.lockdown import is_locked
from mcp_kit.paging import Page, pages
from mcp_kit.shown_names import show_name
from mcp_kit.vendor_client import Query
from service_kit.errors import UpstreamError
from service_kit.text_ends import Room, TextEnds

from github_mcp.client.commits import Commits
from github_mcp.client.github import MOST_PAGES, GitHub, path_in
from github_mcp.models.actions import Artifact, Dispatched, Job, Run, Usage, Workflow

RUN_DETAILS = "return_run_details"
"""Asks for the run that was started; Enterprise servers up to 3.19 refuse it as a key that they do not know."""
MOST_RUNS = 1_000
"""Where a list of runs ends that is narrowed. Source: "List workflow runs for a repository" in its REST reference."""
WHOLE = 40
"""Digits of a commit's whole id."""
LOG_ROOM = Room(head=1_000_000, tail=3_000_000)
"""Bytes of a log that are read: those of its beginning and of its end."""
NO_LOG: Mapping[int, Meaning] = {
    404: (
        "{vendor} has no log of {target}: it has not ended, it has no log, or the token may not see it (404).",
        "Look at the job's status by actions_get with method=get_workflow_job.",
    ),
    410: ("The log of {target} has expired (410).", "Run it again for a new one, or do without."),
}


class Actions:
    """GitHub's workflows, as the tools need them."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    async def workflows(self, call: Call, repository: str, limit: int) -> Page[Workflow]:
        """List the workflows."""
        path = path_in(repository, "actions", "workflows")
        return await self._github.page(call, Workflow, path, repository, limit=limit, rows=("workflows",))

    async def workflow(self, call: Call, repository: str, workflow: str) -> Workflow:
        """Read a workflow, by its id or the name of its file."""
        path = path_in(repository, "actions", "workflows", workflow)
        return await self._github.get(call, Workflow, path, _workflow(repository, workflow))

    async def runs(self, call: Call, repository: str, workflow: str | None, limit: int, query: Query) -> Page[Run]:
        """List the runs of a workflow, or of all workflows, the newest first."""
        path, target = path_in(repository, "actions", "runs"), repository
        if workflow is not None:
            path = path_in(repository, "actions", "workflows", workflow, "runs")
            target = _workflow(repository, workflow)
        ceiling = MOST_RUNS if any(query.values()) else None
        return await self._github.page(
            call, Run, path, target, limit=limit, query=query, rows=("workflow_runs",), ceiling=ceiling
        )

    async def whole_sha(self, call: Call, repository: str, sha: str) -> str:
        """Return the whole id of a commit, as the filter of runs takes it, by the digits that rows show."""
        if len(sha) == WHOLE:
            return sha
        return (await Commits(self._github).read(call.from_the_start(), repository, sha))[0].sha

    async def run(self, call: Call, repository: str, run: int) -> Run:
        """Read a run."""
        return await self._github.get(call, Run, path_in(repository, "actions", "runs", run), _run(repository, run))

    async def all_jobs(self, call: Call, repository: str, run: int) -> list[Job]:
        """List all jobs of a run's last attempt."""

        async def ask(at: Call) -> Page[Job]:
            return await self.jobs(at, repository, run, 100)

        return [job async for page in pages(call.from_the_start(), ask, most=MOST_PAGES) for job in page.rows]

    async def jobs(self, call: Call, repository: str, run: int, limit: int, *, attempts: str = "latest") -> Page[Job]:
        """List the jobs of a run's last attempt, or of `all` attempts."""
        query = {"filter": attempts} if attempts != "latest" else None
        path, target = path_in(repository, "actions", "runs", run, "jobs"), _run(repository, run)
        page = await self._github.page(call, Job, path, target, limit=limit, query=query, rows=("jobs",))
        await self._leave_out(call, repository, run, page.rows)
        return page

    async def job(self, call: Call, repository: str, job: int) -> Job:
        """Read a job."""
        path = path_in(repository, "actions", "jobs", job)
        found = await self._github.get(call, Job, path, _job(repository, job))
        await self._leave_out(call, repository, found.run_id, [found])
        return found

    async def log(self, call: Call, repository: str, job: Job) -> TextEnds:
        """Read a job's log; of a very long one its beginning and its end.

        Raises:
            ToolFailed: lockdown leaves it out.
        """
        if job.withheld:
            raise ToolFailed(f"Lockdown: the log of {_job(repository, job.id)} is left out.", next_step="Do without.")
        path = path_in(repository, "actions", "jobs", job.id, "logs")
        return await self._github.text.read(call, path, _job(repository, job.id), LOG_ROOM, meanings=NO_LOG)

    async def artifacts(self, call: Call, repository: str, run: int, limit: int) -> Page[Artifact]:
        """List what files a run left."""
        path, target = path_in(repository, "actions", "runs", run, "artifacts"), _run(repository, run)
        page = await self._github.page(call, Artifact, path, target, limit=limit, rows=("artifacts",))
        await self._leave_out(call, repository, run, page.rows)
        return page

    async def _leave_out(
        self, call: Call, repository: str, run: int, found: Sequence[Job] | Sequence[Artifact]
    ) -> None:
        """In lockdown, leave out what is of a run that a stranger may have caused."""
        if found and is_locked() and (await self.run(call, repository, run)).withheld:
            for one in found:
                one.leave_out()

    async def usage(self, call: Call, repository: str, run: int) -> Usage:
        """Read how long a run took."""
        path = path_in(repository, "actions", "runs", run, "timing")
        return await self._github.get(call, Usage, path, _run(repository, run))

    async def rerun(self, call: Call, repository: str, run: int, *, failed: bool) -> None:
        """Run a run again: all of it, or its failed jobs alone."""
        path = path_in(repository, "actions", "runs", run, "rerun-failed-jobs" if failed else "rerun")
        await self._github.send(call, "POST", path, _run(repository, run), success=201)

    async def cancel(self, call: Call, repository: str, run: int) -> None:
        """Cancel a run that has not ended."""
        path = path_in(repository, "actions", "runs", run, "cancel")
        await self._github.send(call, "POST", path, _run(repository, run), success=202)

    async def dispatch(
        self, call: Call, repository: str, workflow: str, ref: str, inputs: Mapping[str, str]
    ) -> Dispatched | None:
        """Start a workflow; return the run, or None where an Enterprise server does not tell it."""
        path = path_in(repository, "actions", "workflows", workflow, "dispatches")
        body: dict[str, Any] = {"ref": ref, **({"inputs": inputs} if inputs else {})}
        send = partial(
            self._github.vendor.send, call, "POST", path, _workflow(repository, workflow), success=(200, 204)
        )
        try:
            reply = await send(body={**body, RUN_DETAILS: True})
        except ToolFailed as refusal:
            if refusal.status != 422 or refusal.quoted is None or RUN_DETAILS not in refusal.quoted.text:
                raise
            reply = await send(body=body)
        try:
            return self._github.vendor.read(Dispatched, reply.json())
        except UpstreamError:
            return None


def _workflow(repository: str, workflow: str) -> str:
    return f"workflow {show_name(workflow)} of {repository}"


def _run(repository: str, run: int) -> str:
    return f"run {run} of {repository}"


def _job(repository: str, job: int) -> str:
    return f"job {job} of {repository}"
