"""The stand-in GitHub as one app: the REST API as GitHub serves it, and its controls under /_stand-in/."""

from collections.abc import Mapping, Sequence

from starlette.routing import BaseRoute

from stand_ins.github.actions_orders import ActionsOrders
from stand_ins.github.answer import routes_of
from stand_ins.github.orders import Orders
from stand_ins.github.pull_orders import PullOrders
from stand_ins.github.routes import (
    access,
    account,
    actions,
    advisories,
    apps,
    checks,
    code_search,
    comments,
    commits,
    contents,
    deployments,
    file_writes,
    find,
    forks,
    gists,
    git_data,
    graphql,
    issues,
    labels,
    notifications,
    organizations,
    planning,
    projects,
    pull_writes,
    pulls,
    reactions,
    releases,
    reviews,
    search,
    security,
    sub_issues,
    timeline,
)
from stand_ins.github.stand_in import StandIn
from stand_ins.kit import app
from stand_ins.kit.request_log import Watch
from stand_ins.kit.vendor import Control
from stand_ins.kit.webhooks import Clock, Hook, utc_now

OPERATIONS = (
    *account.OPERATIONS,
    *search.OPERATIONS,
    *comments.OPERATIONS,
    *labels.OPERATIONS,
    *issues.OPERATIONS,
    *planning.OPERATIONS,
    *sub_issues.OPERATIONS,
    *reactions.OPERATIONS,
    *timeline.OPERATIONS,
    *organizations.OPERATIONS,
    *projects.OPERATIONS,
    *access.OPERATIONS,
    *find.OPERATIONS,
    *forks.OPERATIONS,
    *notifications.OPERATIONS,
    *gists.OPERATIONS,
    *reviews.OPERATIONS,
    *pulls.OPERATIONS,
    *pull_writes.OPERATIONS,
    *contents.OPERATIONS,
    *file_writes.OPERATIONS,
    *git_data.OPERATIONS,
    *releases.OPERATIONS,
    *deployments.OPERATIONS,
    *graphql.OPERATIONS,
    *code_search.OPERATIONS,
    *actions.OPERATIONS,
    *apps.OPERATIONS,
    *security.OPERATIONS,
    *advisories.OPERATIONS,
    *checks.OPERATIONS,
    *commits.OPERATIONS,  # the last: a ref in its paths takes what stands behind it
)
DEFAULT_ACCOUNT = "agent-bot"


class GitHub(StandIn):
    """GitHub with all its operations."""

    def routes(self) -> Sequence[BaseRoute]:
        """Return the operations' routes."""
        return routes_of(OPERATIONS, self)

    def controls(self) -> Sequence[Control]:
        """Return what GitHub's people and operators do."""
        return [*Orders(self).table(), *ActionsOrders(self).table(), *PullOrders(self).table()]


StandInApp = app.StandInApp[GitHub]


def build(
    *,
    tokens: Mapping[str, str],
    account: str = DEFAULT_ACCOUNT,
    hook: Hook | None = None,
    clock: Clock = utc_now,
    watch: Watch | None = None,
) -> StandInApp:
    """Make a stand-in.

    Args:
        tokens: which token acts for which login.
        account: the login that the seed's roles and the controls mean by "the operator's account".
        hook: where webhooks go; it can be set later.
        clock: tells the time, in whole seconds.
        watch: is told each exchange when it is over.
    """
    return StandInApp(GitHub(tokens, account, hook, clock), watch=watch)
