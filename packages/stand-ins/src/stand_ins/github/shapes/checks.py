"""Check runs, their annotations and commit statuses as JSON."""

from typing import Any

from stand_ins.github.actions_records import Annotation, CommitStatus, Job, Run
from stand_ins.github.records import Repository
from stand_ins.github.shapes.account import node_id, simple_user, stamp
from stand_ins.github.shapes.actions import job_web_url
from stand_ins.github.shapes.repository import api_url, repository_json, web_url

APP_ID = 15368
"""GitHub's own app for Actions."""
FAILING = frozenset({"failure", "error"})


def check_run_json(job: Job, run: Run, repository: Repository, base: str) -> dict[str, Any]:
    """Describe a job as the check run that it is."""
    url, page = f"{api_url(repository, base)}/check-runs/{job.id}", job_web_url(job, run, repository, base)
    return {
        "id": job.id,
        "name": job.name,
        "node_id": node_id("CR", job.id),
        "head_sha": run.head_sha,
        "external_id": f"job-{job.id}",
        "url": url,
        "html_url": page,
        "details_url": page,
        "status": job.status,
        "conclusion": job.conclusion,
        "started_at": stamp(job.started_at),
        "completed_at": stamp(job.completed_at),
        "output": {
            "title": job.title,
            "summary": job.summary,
            "text": None,
            "annotations_count": len(job.annotations),
            "annotations_url": f"{url}/annotations",
        },
        "check_suite": {"id": run.id + 1},
        "app": _app(repository, base),
        "pull_requests": [],
    }


def annotation_json(annotation: Annotation, run: Run, repository: Repository, base: str) -> dict[str, Any]:
    """Describe an annotation."""
    return {
        "path": annotation.path,
        "blob_href": f"{web_url(repository, base)}/blob/{run.head_sha}/{annotation.path}",
        "start_line": annotation.line,
        "start_column": None,
        "end_line": annotation.line,
        "end_column": None,
        "annotation_level": annotation.level,
        "title": annotation.title or "",
        "message": annotation.message,
        "raw_details": "",
    }


def combined_status_json(
    sha: str, latest: list[CommitStatus], shown: list[CommitStatus], repository: Repository, base: str
) -> dict[str, Any]:
    """Describe the last status of each context together; check runs do not count in it."""
    states = {one.state for one in latest}
    state = "failure" if states & FAILING else "success" if states == {"success"} else "pending"
    url = f"{api_url(repository, base)}/commits/{sha}"
    return {
        "state": state,
        "statuses": [_status(one, sha, repository, base) for one in shown],
        "sha": sha,
        "total_count": len(latest),
        "repository": repository_json(repository, base),
        "commit_url": url,
        "url": f"{url}/status",
    }


def _status(status: CommitStatus, sha: str, repository: Repository, base: str) -> dict[str, Any]:
    return {
        "url": f"{api_url(repository, base)}/statuses/{sha}",
        "avatar_url": f"{base}/avatars/in/{APP_ID}?v=4",
        "id": status.id,
        "node_id": node_id("SC", status.id),
        "state": status.state,
        "description": status.description,
        "target_url": status.target_url,
        "context": status.context,
        "created_at": stamp(status.created_at),
        "updated_at": stamp(status.created_at),
    }


def _app(repository: Repository, base: str) -> dict[str, Any]:
    made = "2018-07-30T09:30:17Z"
    return {
        "id": APP_ID,
        "slug": "github-actions",
        "node_id": node_id("I", APP_ID),
        "owner": simple_user(repository.owner, base),
        "name": "GitHub Actions",
        "description": "Automate your workflow from idea to production",
        "external_url": "https://help.github.com/en/actions",
        "html_url": f"{base}/apps/github-actions",
        "created_at": made,
        "updated_at": made,
        "permissions": {"checks": "write", "contents": "read", "metadata": "read"},
        "events": ["check_run", "workflow_run"],
    }
