"""Fills a world's GitHub Actions from a description: the one shipped in seed_actions.yaml, or what a test sends."""

import functools
from collections.abc import Mapping
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Annotated, Any, Literal

import yaml
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from stand_ins.github.actions_records import Annotation, Artifact, CommitStatus, Job, Run, Step, Workflow
from stand_ins.github.actions_world import next_number
from stand_ins.github.records import Issue, Repository
from stand_ins.github.world import World

Conclusion = Literal["success", "failure", "cancelled", "skipped", "neutral", "timed_out", "action_required"]
SET_UP = ("Set up job", "Check out the repository")
PASSED = "##[group]Run actions/checkout@v5\n##[endgroup]\nAll steps passed.\n"


class _Described(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DescribedWorkflow(_Described):
    """A workflow to make; with `inputs` it takes dispatches, and each input is required or not."""

    name: str
    path: str
    id: int | None = None
    inputs: dict[str, bool] | None = None


class DescribedJob(_Described):
    """A job to make: its steps, of which `failed_step` failed, and its log, or a file here that holds it."""

    name: str
    id: int | None = None
    conclusion: Conclusion | None = "success"
    steps: list[str] = []
    failed_step: str | None = None
    seconds: Annotated[int, Field(ge=0)] = 30
    annotations: list[Annotation] = []
    log: str = PASSED
    log_file: str | None = None
    log_expired: bool = False


class DescribedRun(_Described):
    """A run to make, of the last commit of a pull request or of a branch; without a conclusion it is queued."""

    workflow: str
    id: int | None = None
    pull: int | None = None
    branch: str | None = None
    event: str = "push"
    actor: str
    at: AwareDatetime | None = None
    conclusion: Conclusion | None = "success"
    jobs: list[DescribedJob] = []
    artifacts: dict[str, int] = {}


class DescribedStatus(_Described):
    """A status of the last commit of a pull request or of a branch."""

    context: str
    state: Literal["success", "failure", "error", "pending"]
    pull: int | None = None
    branch: str | None = None
    description: str | None = None
    target_url: str | None = None
    at: AwareDatetime | None = None


class DescribedActions(_Described):
    """What a repository has of Actions."""

    repository: str
    workflows: list[DescribedWorkflow] = []
    runs: list[DescribedRun] = []
    statuses: list[DescribedStatus] = []


@functools.cache
def _shipped() -> DescribedActions:
    text = (files("stand_ins.github") / "seed_actions.yaml").read_text(encoding="utf-8")
    read: Mapping[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)
    return DescribedActions.model_validate(read)


def apply(world: World) -> None:
    """Put what is shipped into a world that has the repository."""
    described = _shipped()
    repository = world.named(described.repository)
    for workflow in described.workflows:
        add_workflow(world, repository, workflow)
    for run in described.runs:
        add_run(world, repository, run)
    for status in described.statuses:
        add_status(world, repository, status)


def add_workflow(world: World, repository: Repository, described: DescribedWorkflow) -> Workflow:
    """Make a workflow."""
    made = Workflow(
        described.id or world.next_id(), described.name, described.path, repository.created_at, described.inputs
    )
    repository.actions.workflows[made.id] = made
    return made


def add_run(world: World, repository: Repository, described: DescribedRun) -> Run:
    """Make a run with its jobs.

    Raises:
        ValueError: the repository has no such workflow, pull request or branch.
    """
    workflow = repository.actions.workflow(described.workflow)
    if workflow is None:
        raise ValueError(f"{repository.full_name} has no workflow {described.workflow}")
    branch, sha, issue = _place(repository, described.pull, described.branch)
    at, actor = described.at or world.clock(), world.user(described.actor)
    run = Run(
        id=described.id or world.next_id(),
        workflow=workflow,
        number=next_number(repository, workflow),
        title=issue.title if issue else repository.history.commits[sha].message.splitlines()[0],
        event="pull_request" if issue else described.event,
        branch=branch,
        head_sha=sha,
        actor=actor,
        triggered_by=actor,
        created_at=at,
        started_at=at,
        updated_at=at + timedelta(seconds=max((job.seconds for job in described.jobs), default=0)),
        conclusion=described.conclusion,
        pulls=[issue.number] if issue else [],
    )
    run.jobs = [_job(world, job, at) for job in described.jobs]
    run.artifacts = [
        Artifact(world.next_id(), name, size, run.updated_at) for name, size in described.artifacts.items()
    ]
    repository.actions.runs[run.id] = run
    return run


def add_status(world: World, repository: Repository, described: DescribedStatus) -> CommitStatus:
    """Make a status; ValueError when there is no such pull request or branch."""
    _, sha, _ = _place(repository, described.pull, described.branch)
    made = CommitStatus(
        world.next_id(),
        described.context,
        described.state,
        described.at or world.clock(),
        described.description,
        described.target_url,
    )
    repository.actions.statuses.setdefault(sha, []).append(made)
    return made


def _job(world: World, described: DescribedJob, at: datetime) -> Job:
    log = described.log
    if described.log_file:
        log = (files("stand_ins.github") / described.log_file).read_text(encoding="utf-8")
    ended = described.conclusion is not None
    return Job(
        id=described.id or world.next_id(),
        name=described.name,
        attempt=1,
        started_at=at,
        completed_at=at + timedelta(seconds=described.seconds) if ended else None,
        conclusion=described.conclusion,
        steps=_steps(described),
        annotations=described.annotations,
        log=log,
        log_expired=described.log_expired,
    )


def _steps(described: DescribedJob) -> list[Step]:
    steps, failed = [], False
    for name in (*SET_UP, *described.steps):
        conclusion = "skipped" if failed else "failure" if name == described.failed_step else "success"
        failed = failed or conclusion == "failure"
        steps.append(Step(name, conclusion if described.conclusion else None))
    return [*steps, Step("Complete job", "success" if described.conclusion else None)]


def _place(repository: Repository, pull: int | None, branch: str | None) -> tuple[str, str, Issue | None]:
    """Return the branch and the commit that are meant, and the pull request if one is."""
    if pull is not None:
        issue = repository.issues.get(pull)
        if issue is None or issue.pull is None:
            raise ValueError(f"{repository.full_name} has no pull request {pull}")
        return issue.pull.head_ref, issue.pull.head_sha, issue
    name = branch or repository.default_branch
    if name not in repository.history.branches:
        raise ValueError(f"{repository.full_name} has no branch {name}")
    return name, repository.history.branches[name], None
