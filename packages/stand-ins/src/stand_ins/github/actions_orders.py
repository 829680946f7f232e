"""The controls of GitHub Actions: runs that come and end, statuses, and the host on which logs lie."""

import secrets

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from stand_ins.github.actions_world import log_seal
from stand_ins.github.seed_actions import (
    Conclusion,
    DescribedRun,
    DescribedStatus,
    DescribedWorkflow,
    add_run,
    add_status,
    add_workflow,
)
from stand_ins.github.shapes.actions import run_json, workflow_json
from stand_ins.github.stand_in import StandIn
from stand_ins.kit.controls import Order
from stand_ins.kit.vendor import Control


class NewWorkflow(DescribedWorkflow):
    """A workflow that somebody adds."""

    repository: str


class NewRun(DescribedRun):
    """A run that comes."""

    repository: str


class NewStatus(DescribedStatus):
    """A status that a service sets."""

    repository: str


class EndedRun(Order):
    """How a run ends, and its jobs that have not ended."""

    repository: str
    run: int
    conclusion: Conclusion


class ActionsOrders:
    """Carries out the orders at one stand-in."""

    def __init__(self, stand_in: StandIn) -> None:
        self._stand_in = stand_in

    def table(self) -> list[Control]:
        """Return the controls."""
        return [
            Control("POST", "workflows", self.add_workflow),
            Control("POST", "runs", self.add_run),
            Control("PUT", "runs", self.end_run),
            Control("POST", "statuses", self.add_status),
            Control("GET", "logs/{job_id:int}", self.log),
        ]

    async def add_workflow(self, request: Request) -> Response:
        """Add a workflow."""
        order = NewWorkflow.model_validate_json(await request.body())
        world, repository = self._stand_in.world, self._stand_in.world.named(order.repository)
        made = add_workflow(world, repository, order)
        return JSONResponse(workflow_json(made, repository, _base(request)), status_code=201)

    async def add_run(self, request: Request) -> Response:
        """Let a run come, with its jobs and their logs."""
        order = NewRun.model_validate_json(await request.body())
        world, repository = self._stand_in.world, self._stand_in.world.named(order.repository)
        made = add_run(world, repository, order)
        return JSONResponse(run_json(made, repository, _base(request)), status_code=201)

    async def end_run(self, request: Request) -> Response:
        """End a run."""
        order = EndedRun.model_validate_json(await request.body())
        world, repository = self._stand_in.world, self._stand_in.world.named(order.repository)
        run = repository.actions.runs.get(order.run)
        if run is None:
            raise ValueError(f"{order.repository} has no run {order.run}")
        run.conclusion, run.updated_at = order.conclusion, world.clock()
        for job in run.jobs_of():
            if job.conclusion is None:
                job.conclusion, job.completed_at = order.conclusion, run.updated_at
                for step in job.steps:
                    step.conclusion = order.conclusion
        return Response(status_code=204)

    async def add_status(self, request: Request) -> Response:
        """Set a status."""
        order = NewStatus.model_validate_json(await request.body())
        world = self._stand_in.world
        made = add_status(world, world.named(order.repository), order)
        return JSONResponse({"id": made.id}, status_code=201)

    async def log(self, request: Request) -> Response:
        """Give a job's log to whoever has its address, and nothing to a request that shows a credential too."""
        if "authorization" in request.headers:
            return PlainTextResponse("Only one way to authorize a request is allowed.", status_code=403)
        for repository in self._stand_in.world.repositories.values():
            found = repository.actions.job(request.path_params["job_id"])
            if found is not None:
                sealed = log_seal(self._stand_in.world, found[1])
                if secrets.compare_digest(request.query_params.get("sig", ""), sealed):
                    return PlainTextResponse(found[1].log)
        return PlainTextResponse("The specified resource does not exist.", status_code=404)


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/")
