"""Workflows, runs, jobs and artifacts of GitHub Actions as JSON."""

from datetime import datetime, timedelta
from typing import Any

from stand_ins.github.actions_records import Artifact, Job, Run, Step, Workflow
from stand_ins.github.records import Repository
from stand_ins.github.shapes.account import node_id, simple_user, stamp
from stand_ins.github.shapes.repository import api_url, repository_json, web_url

KEPT = timedelta(days=90)


def workflow_json(workflow: Workflow, repository: Repository, base: str) -> dict[str, Any]:
    """Describe a workflow."""
    web = web_url(repository, base)
    return {
        "id": workflow.id,
        "node_id": node_id("W", workflow.id),
        "name": workflow.name,
        "path": workflow.path,
        "state": workflow.state,
        "created_at": stamp(workflow.created_at),
        "updated_at": stamp(workflow.created_at),
        "url": _workflow_url(workflow, repository, base),
        "html_url": f"{web}/blob/{repository.default_branch}/{workflow.path}",
        "badge_url": f"{web}/workflows/{workflow.name}/badge.svg",
    }


def run_web_url(run: Run, repository: Repository, base: str) -> str:
    """Give the address at which a person reads a run."""
    return f"{web_url(repository, base)}/actions/runs/{run.id}"


def run_url(run: Run, repository: Repository, base: str) -> str:
    """Give the run's address in the API."""
    return f"{api_url(repository, base)}/actions/runs/{run.id}"


def run_json(run: Run, repository: Repository, base: str) -> dict[str, Any]:
    """Describe a run as it is in its last attempt."""
    url = run_url(run, repository, base)
    commit = repository.history.commits[run.head_sha]
    person = {"name": commit.author.login, "email": f"{commit.author.login}@users.noreply.example"}
    return {
        "id": run.id,
        "name": run.workflow.name,
        "node_id": node_id("WFR", run.id),
        "check_suite_id": run.id + 1,
        "check_suite_node_id": node_id("CS", run.id + 1),
        "head_branch": run.branch,
        "head_sha": run.head_sha,
        "path": run.workflow.path,
        "display_title": run.title,
        "run_number": run.number,
        "event": run.event,
        "status": run.status,
        "conclusion": run.conclusion,
        "workflow_id": run.workflow.id,
        "url": url,
        "html_url": run_web_url(run, repository, base),
        "pull_requests": [_pull(number, repository, base) for number in run.pulls],
        "created_at": stamp(run.created_at),
        "updated_at": stamp(run.updated_at),
        "actor": simple_user(run.actor, base),
        "run_attempt": run.attempt,
        "referenced_workflows": [],
        "run_started_at": stamp(run.started_at),
        "triggering_actor": simple_user(run.triggered_by, base),
        "jobs_url": f"{url}/jobs",
        "logs_url": f"{url}/logs",
        "check_suite_url": f"{api_url(repository, base)}/check-suites/{run.id + 1}",
        "artifacts_url": f"{url}/artifacts",
        "cancel_url": f"{url}/cancel",
        "rerun_url": f"{url}/rerun",
        "previous_attempt_url": f"{url}/attempts/{run.attempt - 1}" if run.attempt > 1 else None,
        "workflow_url": _workflow_url(run.workflow, repository, base),
        "head_commit": {
            "id": commit.sha,
            "tree_id": commit.tree_sha,
            "message": commit.message,
            "timestamp": stamp(commit.at),
            "author": person,
            "committer": person,
        },
        "repository": repository_json(repository, base),
        "head_repository": repository_json(repository, base) | ({"full_name": run.fork} if run.fork else {}),
    }


def job_json(job: Job, run: Run, repository: Repository, base: str) -> dict[str, Any]:
    """Describe a job with its steps."""
    runner = {"runner_id": 1, "runner_name": "GitHub Actions 1", "runner_group_id": 0} if job.conclusion else {}
    ended = job.completed_at or job.started_at
    return {
        "id": job.id,
        "run_id": run.id,
        "workflow_name": run.workflow.name,
        "head_branch": run.branch,
        "run_url": run_url(run, repository, base),
        "run_attempt": job.attempt,
        "node_id": node_id("CR", job.id),
        "head_sha": run.head_sha,
        "url": f"{api_url(repository, base)}/actions/jobs/{job.id}",
        "html_url": job_web_url(job, run, repository, base),
        "status": job.status,
        "conclusion": job.conclusion,
        "created_at": stamp(job.started_at),
        "started_at": stamp(job.started_at),
        "completed_at": stamp(job.completed_at),
        "name": job.name,
        "steps": [_step(one, number, job.started_at, ended) for number, one in enumerate(job.steps, 1)],
        "check_run_url": f"{api_url(repository, base)}/check-runs/{job.id}",
        "labels": ["ubuntu-latest"],
        "runner_id": None,
        "runner_name": None,
        "runner_group_id": None,
        "runner_group_name": "GitHub Actions" if job.conclusion else None,
    } | runner


def job_web_url(job: Job, run: Run, repository: Repository, base: str) -> str:
    """Give the address at which a person reads a job."""
    return f"{run_web_url(run, repository, base)}/job/{job.id}"


def artifact_json(artifact: Artifact, run: Run, repository: Repository, base: str) -> dict[str, Any]:
    """Describe an artifact."""
    url = f"{api_url(repository, base)}/actions/artifacts/{artifact.id}"
    return {
        "id": artifact.id,
        "node_id": node_id("A", artifact.id),
        "name": artifact.name,
        "size_in_bytes": artifact.size,
        "url": url,
        "archive_download_url": f"{url}/zip",
        "expired": artifact.expired,
        "digest": f"sha256:{artifact.id:064x}",
        "created_at": stamp(artifact.created_at),
        "updated_at": stamp(artifact.created_at),
        "expires_at": stamp(artifact.created_at + KEPT),
        "workflow_run": {
            "id": run.id,
            "repository_id": repository.id,
            "head_repository_id": repository.id,
            "head_branch": run.branch,
            "head_sha": run.head_sha,
        },
    }


def usage_json(run: Run) -> dict[str, Any]:
    """Tell how long the jobs of a run's last attempt took, which GitHub bills by system."""
    jobs = [
        {"job_id": job.id, "duration_ms": round((job.completed_at - job.started_at).total_seconds() * 1000)}
        for job in run.jobs_of()
        if job.completed_at
    ]
    total = sum(job["duration_ms"] for job in jobs)
    billed = {"UBUNTU": {"total_ms": total, "jobs": len(jobs), "job_runs": jobs}} if jobs else {}
    return {"billable": billed, "run_duration_ms": round((run.updated_at - run.started_at).total_seconds() * 1000)}


def _workflow_url(workflow: Workflow, repository: Repository, base: str) -> str:
    return f"{api_url(repository, base)}/actions/workflows/{workflow.id}"


def _step(step: Step, number: int, started: datetime, ended: datetime) -> dict[str, Any]:
    return {
        "name": step.name,
        "status": "completed" if step.conclusion else "queued",
        "conclusion": step.conclusion,
        "number": number,
        "started_at": stamp(started) if step.conclusion else None,
        "completed_at": stamp(ended) if step.conclusion else None,
    }


def _pull(number: int, repository: Repository, base: str) -> dict[str, Any]:
    issue = repository.issues[number]
    assert issue.pull is not None
    where = {"id": repository.id, "url": api_url(repository, base), "name": repository.name}
    return {
        "id": issue.id,
        "number": number,
        "url": f"{api_url(repository, base)}/pulls/{number}",
        "head": {"ref": issue.pull.head_ref, "sha": issue.pull.head_sha, "repo": where},
        "base": {"ref": issue.pull.base_ref, "sha": issue.pull.base_sha, "repo": where},
    }
