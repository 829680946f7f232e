"""What happens in GitHub Actions: a workflow is dispatched, a run is run again; and what opens a log."""

import hashlib
from collections.abc import Sequence

from stand_ins.github.accounts import User
from stand_ins.github.actions_records import Job, Run, Step, Workflow
from stand_ins.github.records import Repository
from stand_ins.github.world import World


def dispatch(world: World, repository: Repository, workflow: Workflow, *, branch: str, user: User) -> Run:
    """Start a workflow on a branch or tag, as somebody who asks for it."""
    history, now = repository.history, world.clock()
    run = Run(
        id=world.next_id(),
        workflow=workflow,
        number=next_number(repository, workflow),
        title=workflow.name,
        event="workflow_dispatch",
        branch=branch,
        head_sha=history.branches.get(branch) or history.tags[branch],
        actor=user,
        triggered_by=user,
        created_at=now,
        started_at=now,
        updated_at=now,
    )
    repository.actions.runs[run.id] = run
    return run


def rerun(world: World, run: Run, names: Sequence[str], *, user: User) -> None:
    """Begin another attempt of a run, in which these jobs run again and the others stand as they ended."""
    now, before = world.clock(), run.jobs_of()
    run.attempt += 1
    run.conclusion, run.triggered_by, run.started_at, run.updated_at = None, user, now, now
    for job in before:
        again = job.name in names
        made = Job(world.next_id(), job.name, run.attempt, now if again else job.started_at)
        if again:
            made.steps = [Step(step.name) for step in job.steps]
        else:
            made.completed_at, made.conclusion = job.completed_at, job.conclusion
            made.steps, made.annotations, made.log = job.steps, job.annotations, job.log
        run.jobs.append(made)


def next_number(repository: Repository, workflow: Workflow) -> int:
    """Return the number of a workflow's next run."""
    return 1 + sum(one.workflow is workflow for one in repository.actions.runs.values())


def log_seal(world: World, job: Job) -> str:
    """Return what opens a job's log for whoever knows it."""
    return hashlib.sha256(f"{world.secret} {job.id}".encode()).hexdigest()
