"""Logs of jobs: the lines that tell why one failed, its last lines, or all of it."""

from dataclasses import dataclass
from typing import Annotated, Literal

from mcp_kit.call import Call
from mcp_kit.cursor import Position
from mcp_kit.errors import ToolFailed, WrongArguments
from mcp_kit.reply import Item, Reply, rows, section
from mcp_kit.tool import Cursor, tool
from pydantic import Field
from service_kit.text_ends import TextEnds

from github_mcp.client.actions import Actions
from github_mcp.log_windows import Window, failure_windows, plain_lines
from github_mcp.models.actions import Job
from github_mcp.tools.actions import RunId
from github_mcp.tools.arguments import Repository

LINES_OF_ONE, LINES_OF_EACH = 150, 60
"""Lines around failures that are shown of a job asked for alone, and of each job of a run."""
TAIL = 40
"""Lines that are shown of a log without a mark of a failure."""
JOBS_AT_ONCE = 4
"""Logs that are read for one reply."""


@dataclass(frozen=True)
class Log:
    """A log's lines as they are shown. Of a very long one the middle is missing, in place of which stands one line."""

    lines: list[str]
    head: int
    left_out: int

    @classmethod
    def of(cls, text: TextEnds) -> "Log":
        """Read the text of a log."""
        head = plain_lines(text.head.decode("utf-8", "replace"))
        tail = plain_lines(text.tail.decode("utf-8", "replace"))
        if not text.left_out_bytes:
            return cls([*head, *tail], len(head) + len(tail), 0)
        gap = f"({text.left_out_lines} lines, {text.left_out_bytes} bytes, are not read here: the log is too long)"
        return cls([*head, gap, *tail], len(head), text.left_out_lines)

    @property
    def total(self) -> int:
        """How many lines the whole log has."""
        return len(self.lines) - bool(self.left_out) + self.left_out

    def number(self, line: int) -> int:
        """Return the number in the whole log of a line that is read."""
        return line if line <= self.head else line - 1 + self.left_out

    def place(self, number: int) -> int:
        """Return which line that is read has a number of the whole log, or stands for it."""
        if number <= self.head:
            return number
        return max(self.head + 1, number + 1 - self.left_out) if self.left_out else number

    def shown(self, window: Window, name: str) -> Item:
        """Make the item that shows a window."""
        label = f"lines {self.number(window.first)} to {self.number(window.last)} of {self.total} of {name}"
        return section(label, "\n".join(self.lines[window.first - 1 : window.last]))


class LogTools:
    """The tool of the toolset `actions` that reads logs."""

    def __init__(self, actions: Actions) -> None:
        self._actions = actions

    @tool("actions")
    async def get_job_logs(
        self,
        call: Call,
        repository: Repository,
        job_id: Annotated[int | None, Field(ge=1)] = None,
        run_id: Annotated[RunId | None, Field(description="Or the jobs of this run")] = None,
        failed_only: Annotated[bool, Field(description="Of the run: the failed jobs alone")] = True,
        detail: Annotated[
            Literal["errors", "full"], Field(description="errors: lines around failures; full: whole log")
        ] = "errors",
        tail_lines: Annotated[int | None, Field(ge=1, le=5_000, description="The last lines instead")] = None,
        start_line: Annotated[int | None, Field(ge=1, description="These lines of a job instead")] = None,
        end_line: Annotated[int | None, Field(ge=1)] = None,
        cursor: Cursor = None,
    ) -> Reply:
        """Read why a job failed, or the failed jobs of a run: the log's lines around the first failures."""
        if (job_id is None) == (run_id is None):
            raise WrongArguments("Give either job_id or run_id; nothing was sent.")
        lines = start_line is not None or end_line is not None
        if lines and (job_id is None or tail_lines or (start_line or 1) > (end_line or start_line or 1)):
            raise WrongArguments("start_line and end_line go with job_id alone, in this order; nothing was sent.")
        if job_id is not None:
            job = await self._actions.job(call, repository, job_id)
            log = Log.of(await self._actions.log(call, repository, job))
            asked = Window(start_line or 1, end_line or log.total) if lines else None
            windows = _windows(log, detail, tail_lines, asked, LINES_OF_ONE)
            head, items = _one(job, log, windows, repository, explicit=bool(lines or tail_lines or detail == "full"))
            return Reply(head, items, hint="start_line and end_line give others.")
        assert run_id is not None
        return await self._of_run(call, repository, run_id, detail, tail_lines, failed_only=failed_only)

    async def _of_run(
        self, call: Call, repository: str, run_id: int, detail: str, tail_lines: int | None, *, failed_only: bool
    ) -> Reply:
        target = f"run {run_id} of {repository}"
        jobs = await self._actions.all_jobs(call, repository, run_id)
        wanted = [job for job in jobs if job.conclusion and (job.failed or not failed_only)]
        if not wanted:
            shown = rows(f"jobs of {target}", [job.row() for job in jobs])
            return Reply(f"No job of {target} has {'failed' if failed_only else 'ended'}; its jobs:", shown)
        first = _first(call)
        items: list[Item] = []
        for job in wanted[first : first + JOBS_AT_ONCE]:
            items += await self._of_job(call, repository, job, detail, tail_lines)
        after = first + JOBS_AT_ONCE
        following = Position.of({"job": after}) if after < len(wanted) else None
        kind = "failed jobs" if failed_only else "jobs"
        which = f"{kind} {first + 1} to {min(after, len(wanted))} of {len(wanted)}" if len(wanted) > 1 else kind[:-1]
        head = f"Logs of the {which} of {target}: job_id with start_line or detail=full shows more of one."
        return Reply(head, items, {"job": first}, following)

    async def _of_job(self, call: Call, repository: str, job: Job, detail: str, tail_lines: int | None) -> list[Item]:
        facts = rows(f"job {job.id} of {repository}", [job.row()])
        try:
            log = Log.of(await self._actions.log(call, repository, job))
        except ToolFailed as failure:
            return [*facts, *rows(f"job {job.id} of {repository}", [failure.message])]
        windows = _windows(log, detail, tail_lines, None, LINES_OF_EACH)
        return [*facts, *(log.shown(window, f"job {job.id}") for window in windows)]


def _windows(log: Log, detail: str, tail: int | None, asked: Window | None, most: int) -> list[Window]:
    """Return which of the lines that are read are shown."""
    count = len(log.lines)
    if asked is not None:
        if asked.first > log.total:
            raise ToolFailed(f"The log has {log.total} lines alone.", next_step="Ask for an earlier line.")
        return [Window(log.place(asked.first), min(count, log.place(min(asked.last, log.total))))]
    if not count:
        return []
    if tail is not None:
        return [Window(max(1, count - tail + 1), count)]
    if detail == "full":
        return [Window(1, count)]
    return failure_windows(log.lines, most) or [Window(max(1, count - TAIL + 1), count)]


def _one(job: Job, log: Log, windows: list[Window], repository: str, *, explicit: bool) -> tuple[str, list[Item]]:
    name = f"job {job.id}"
    shown = sum(window.lines for window in windows)
    what = (
        "" if explicit else " around failures" if failure_windows(log.lines, 1) else ", the last: no failure stands out"
    )
    rest = "" if shown >= log.total else " start_line and end_line give others, detail=full all."
    head = f"{shown} of {log.total} lines{what} of the log of {name} of {repository}:{rest}"
    facts = rows(f"{name} of {repository}", [job.row()])
    return head, [*facts, *(log.shown(window, name) for window in windows)]


def _first(call: Call) -> int:
    given = call.start.page.get("job", "")
    return int(given) if given.isdigit() and len(given) < 5 else 0
