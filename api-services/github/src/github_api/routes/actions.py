"""Workflows of GitHub Actions, and what services say of a commit: statuses and check runs."""

from dataclasses import replace

from api_kit import Body, Json, Route, download_ends
from service_kit.text_ends import Room

from github_api.probes import actions as probes
from github_api.routes.in_repository import JSON, PAGE, REPO, TARGET_REPO, read, write
from github_api.upstream import listed_repositories, repositories_of

ACTIONS = REPO + "/actions"
WORKFLOW = ACTIONS + "/workflows/{workflow}"
RUN = ACTIONS + "/runs/{run:number}"
JOB = ACTIONS + "/jobs/{job:number}"
COMMIT = REPO + "/commits/{ref}"
RUNS_QUERY = PAGE | {
    "actor",
    "branch",
    "event",
    "status",
    "created",
    "exclude_pull_requests",
    "check_suite_id",
    "head_sha",
}
TOOL = "actions_run_trigger"
LOG_ROOM = Room(head=1_000_000, tail=3_000_000)
"""Bytes of a log that pass: those of its beginning and of its end. A log may have gigabytes."""


def routes() -> list[Route]:
    """Make the routes."""
    return [*_workflows(), *_runs(), *_jobs(), *_commits()]


def _workflows() -> list[Route]:
    dispatch = write("POST", WORKFLOW + "/dispatches", TOOL, Body(frozenset({"ref", "inputs", "return_run_details"})))
    return [
        _list(ACTIONS + "/workflows", "workflows", PAGE),
        read(WORKFLOW),
        _list(WORKFLOW + "/runs", "workflow_runs", RUNS_QUERY),
        replace(
            dispatch,
            target=TARGET_REPO + "/actions/workflows/{workflow}",
            reply_resources=_of_dispatch,
            verify_reply=lambda asked, reply: None,
            probe=probes.DISPATCHED,
            read_before=probes.workflow_before,
        ),
    ]


def _runs() -> list[Route]:
    again = replace(
        write("POST", RUN + "/rerun", TOOL, None),
        target=TARGET_REPO + "/actions/runs/{run}",
        verify_reply=lambda asked, reply: None,
        probe=probes.RERUN,
        read_before=probes.run_before,
    )
    return [
        _list(ACTIONS + "/runs", "workflow_runs", RUNS_QUERY),
        read(RUN, frozenset({"exclude_pull_requests"})),
        _list(RUN + "/jobs", "jobs", PAGE | {"filter"}),
        _list(RUN + "/attempts/{attempt:number}/jobs", "jobs", PAGE),
        _list(RUN + "/artifacts", "artifacts", PAGE | {"name", "direction"}),
        replace(read(RUN + "/timing"), reply_resources=None),
        again,
        replace(again, path=RUN + "/rerun-failed-jobs"),
        replace(again, path=RUN + "/cancel", idempotent=True, verify_reply=None, probe=probes.CANCELLED),
    ]


def _jobs() -> list[Route]:
    log = replace(read(JOB + "/logs"), opaque=frozenset(JSON), send=download_ends(LOG_ROOM))
    return [read(JOB), log]


def _commits() -> list[Route]:
    notes = read(REPO + "/check-runs/{check:number}/annotations", PAGE)
    return [
        read(COMMIT + "/status", PAGE),
        _list(COMMIT + "/check-runs", "check_runs", PAGE | {"check_name", "status", "filter", "app_id"}),
        replace(notes, reply_resources=None),
    ]


def _list(path: str, key: str, query: frozenset[str]) -> Route:
    """Make a read of a list that lies below a key of the reply."""
    return replace(read(path, query), reply_resources=listed_repositories(key))


def _of_dispatch(document: Json) -> list[str]:
    """Return the repository of the run that a dispatch made."""
    return repositories_of({"url": document.get("run_url")} if isinstance(document, dict) else None)
