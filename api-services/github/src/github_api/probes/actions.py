"""Finds runs that were started, run again or cancelled by a write whose reply was lost.

GitHub keeps no marker of ours with a run. What is looked for is what our own account did since a little before the
send; where that may be several runs, nothing can be said.
"""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from api_kit import Call, Fetch, Json, Probe
from api_kit.errors import Refusal
from api_kit.paths import encode

from github_api.probes.own_account import GONE_SECONDS, PER_PAGE, login, repository_of

FACTS = ("name", "display_title", "event", "head_branch", "head_sha", "status", "conclusion", "run_attempt")


async def started(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
    """Return what GitHub answers to a dispatch, with the run that it made.

    The run is the only one of our account, of this workflow and ref, since then.

    Raises:
        Refusal: there are several, or GitHub does not tell whose they are.
    """
    own, asked = await _own(fetch), call.body if isinstance(call.body, dict) else {}
    ref = str(asked.get("ref", "")).removeprefix("refs/heads/").removeprefix("refs/tags/")
    query = urlencode({"event": "workflow_dispatch", "branch": ref, "actor": own, "per_page": PER_PAGE})
    found = await fetch(f"{_workflow(call)}/runs?{query}")
    runs = found.get("workflow_runs") if isinstance(found, dict) else None
    recent = (
        [run for run in runs if isinstance(run, dict) and _after(run.get("created_at"), since)]
        if isinstance(runs, list)
        else []
    )
    if len(recent) > 1:
        raise Refusal("upstream_refused", f"{len(recent)} runs of this workflow were started lately")
    if not recent:
        return None
    run = recent[0]
    return {"workflow_run_id": run.get("id"), "run_url": run.get("url"), "html_url": run.get("html_url")}


async def run_again(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
    """Return a run of which our account began another attempt since then; None if nobody did.

    Raises:
        Refusal: another account did, so that ours may have been refused.
    """
    run = await fetch(_run(call))
    if not isinstance(run, dict) or not _is_again(run) or not _after(run.get("run_started_at"), since):
        return None
    by = run.get("triggering_actor")
    if not isinstance(by, dict) or by.get("login") != await _own(fetch):
        raise Refusal("upstream_refused", "another account ran this again")
    return run


async def cancelled(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
    """Return a run that is cancelled; None if it is not."""
    run = await fetch(_run(call))
    return run if isinstance(run, dict) and run.get("conclusion") == "cancelled" else None


async def run_before(call: Call, fetch: Fetch) -> Mapping[str, Json] | None:
    """Return what a run is now."""
    run = await fetch(_run(call))
    return {name: run.get(name) for name in FACTS} if isinstance(run, dict) else None


async def workflow_before(call: Call, fetch: Fetch) -> Mapping[str, Json] | None:
    """Return which workflow is to be started."""
    workflow = await fetch(_workflow(call))
    return {name: workflow.get(name) for name in ("name", "path", "state")} if isinstance(workflow, dict) else None


def _run(call: Call) -> str:
    return f"{repository_of(call)}/actions/runs/{call.path['run']}"


def _workflow(call: Call) -> str:
    return f"{repository_of(call)}/actions/workflows/{encode(call.path['workflow'])}"


async def _own(fetch: Fetch) -> str:
    name = await login(fetch)
    if name is None:
        raise Refusal("upstream_refused", "an app's token does not tell by which account it acts")
    return name


def _is_again(run: Mapping[str, Json]) -> bool:
    attempt = run.get("run_attempt")
    return isinstance(attempt, int) and attempt > 1


def _after(moment: Json, since: datetime) -> bool:
    try:
        return datetime.fromisoformat(str(moment)) >= since
    except (ValueError, TypeError):
        return False


DISPATCHED = Probe(started, settle_window=GONE_SECONDS)
RERUN = Probe(run_again, settle_window=GONE_SECONDS, status=201)
CANCELLED = Probe(cancelled, status=202)
