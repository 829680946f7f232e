"""The control by which somebody opens a pull request, whose workflows have run already."""

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from stand_ins.github.seed import DescribedPull, add_pull
from stand_ins.github.seed_actions import DescribedRun, add_run
from stand_ins.github.shapes.pull import pull_json
from stand_ins.github.stand_in import StandIn
from stand_ins.kit.vendor import Control


class NewPull(DescribedPull):
    """A pull request that somebody opens, and the runs of its head."""

    repository: str
    runs: list[DescribedRun] = Field(default_factory=list)


class PullOrders:
    """Carries out the order at one stand-in."""

    def __init__(self, stand_in: StandIn) -> None:
        self._stand_in = stand_in

    def table(self) -> list[Control]:
        """Return the control."""
        return [Control("POST", "pulls", self.open_pull)]

    async def open_pull(self, request: Request) -> Response:
        """Open a pull request as somebody, let its workflows run, and send the webhook."""
        order = NewPull.model_validate_json(await request.body())
        world, repository = self._stand_in.world, self._stand_in.world.named(order.repository)
        issue = add_pull(world, repository, order)
        assert issue.pull is not None
        for run in order.runs:
            add_run(world, repository, run.model_copy(update={"pull": issue.number}))
        base = str(request.base_url).rstrip("/")
        self._stand_in.announce_pull("opened", issue, repository, issue.user, base)
        return JSONResponse(pull_json(issue, issue.pull, repository, world, base), status_code=201)
