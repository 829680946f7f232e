"""What the stand-in keeps of GitHub Actions: workflows, their runs with attempts and jobs, and commit statuses."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from stand_ins.github.accounts import User

FAILED = frozenset({"failure", "error", "timed_out", "cancelled", "action_required", "startup_failure"})
PASSED = frozenset({"success", "neutral", "skipped"})


@dataclass
class Workflow:
    """A workflow file; `inputs` says of each input of a dispatch whether it is required, None: it takes no dispatch."""

    id: int
    name: str
    path: str
    created_at: datetime
    inputs: dict[str, bool] | None = None
    state: str = "active"

    @property
    def file(self) -> str:
        """The file's own name, which GitHub takes in place of the id."""
        return self.path.rpartition("/")[2]


@dataclass
class Step:
    """A step of a job; without a conclusion it has not ended."""

    name: str
    conclusion: str | None = None


@dataclass
class Annotation:
    """What a job says of a line of a file."""

    path: str
    line: int
    message: str
    level: str = "failure"
    title: str | None = None


@dataclass
class Job:
    """A job of one attempt, which is a check run of the same id too; without a conclusion it has not ended."""

    id: int
    name: str
    attempt: int
    started_at: datetime
    completed_at: datetime | None = None
    conclusion: str | None = None
    steps: list[Step] = field(default_factory=list)
    annotations: list[Annotation] = field(default_factory=list)
    log: str = ""
    log_expired: bool = False
    title: str | None = None
    summary: str | None = None

    @property
    def status(self) -> str:
        """Where it is."""
        return "completed" if self.conclusion else "queued"

    @property
    def failed(self) -> bool:
        """Whether a rerun of failed jobs runs it again."""
        return self.conclusion not in (None, "success", "skipped", "neutral")


@dataclass
class Artifact:
    """A file that a run left: only what GitHub says of it."""

    id: int
    name: str
    size: int
    created_at: datetime
    expired: bool = False


@dataclass
class Run:
    """A run of a workflow; `jobs` are those of all attempts, and `attempt` is the number of the last one."""

    id: int
    workflow: Workflow
    number: int
    title: str
    event: str
    branch: str
    head_sha: str
    actor: User
    triggered_by: User
    created_at: datetime
    started_at: datetime
    updated_at: datetime
    attempt: int = 1
    conclusion: str | None = None
    pulls: list[int] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    fork: str | None = None
    artifacts: list[Artifact] = field(default_factory=list)

    @property
    def status(self) -> str:
        """Where it is."""
        return "completed" if self.conclusion else "queued"

    def jobs_of(self, attempt: int | None = None) -> Sequence[Job]:
        """Return the jobs of an attempt, by default of the last one."""
        return [job for job in self.jobs if job.attempt == (attempt or self.attempt)]


@dataclass
class CommitStatus:
    """What a service outside of Actions says of a commit."""

    id: int
    context: str
    state: str
    created_at: datetime
    description: str | None = None
    target_url: str | None = None


@dataclass
class Actions:
    """Workflows and runs of a repository by their ids, and statuses by commit, the oldest first."""

    workflows: dict[int, Workflow] = field(default_factory=dict)
    runs: dict[int, Run] = field(default_factory=dict)
    statuses: dict[str, list[CommitStatus]] = field(default_factory=dict)

    def workflow(self, name: str) -> Workflow | None:
        """Find a workflow by its id or the name of its file."""
        return next((one for one in self.workflows.values() if name in (str(one.id), one.file, one.path)), None)

    def job(self, job_id: int) -> tuple[Run, Job] | None:
        """Find a job, and the run that it belongs to."""
        return next(((run, job) for run in self.runs.values() for job in run.jobs if job.id == job_id), None)

    def checks(self, sha: str, *, every: bool = False) -> list[tuple[Run, Job]]:
        """Return the check runs of a commit: the jobs of its runs' last attempts, or of all attempts."""
        runs = [run for run in self.runs.values() if run.head_sha == sha]
        return [(run, job) for run in runs for job in (run.jobs if every else run.jobs_of())]

    def state(self, sha: str) -> str | None:
        """Return what all checks and statuses of a commit say together: failure, success or pending; None of none."""
        statuses = {one.context: one.state for one in self.statuses.get(sha, ())}
        states = {job.conclusion or "pending" for _, job in self.checks(sha)} | set(statuses.values())
        if not states:
            return None
        return "failure" if states & FAILED else "success" if states <= PASSED else "pending"
