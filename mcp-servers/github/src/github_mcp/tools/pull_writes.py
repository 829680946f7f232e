"""Pull requests to write."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any, Literal

from agent_vendors.github import REPOSITORIES
from mcp_kit.call import Call
from mcp_kit.errors import Quoted, Refused, ToolFailed, WrongArguments
from mcp_kit.reply import Reply, rows
from mcp_kit.several_writes import write_all
from mcp_kit.shown_names import Name, show_name
from mcp_kit.tool import Unlisted, tool
from pydantic import Field

from github_mcp.client.pull_writes import PullWrites
from github_mcp.models.addresses import shown_address
from github_mcp.models.commits import SHORT
from github_mcp.models.written import WrittenPull
from github_mcp.tools.arguments import Head, PullNumber, Ref, Repository

Title = Annotated[str, Field(min_length=1, max_length=256)]
Body = Annotated[str, Field(max_length=65_000, description="Markdown")]
HeadSha = Annotated[str, Field(min_length=7, max_length=40, description="Its head as you read it")]
People = Annotated[list[Name] | None, Field(max_length=15)]
Modifiable = Annotated[bool | None, Unlisted]

Step = Callable[[], Awaitable[WrittenPull]]


class PullWriteTools:
    """The writes of the toolset `pull_requests`."""

    def __init__(self, pulls: PullWrites) -> None:
        self._pulls = pulls

    @tool("pull_requests", writes=True)
    async def create_pull_request(
        self,
        call: Call,
        repository: Repository,
        title: Title,
        head: Head,
        base: Annotated[Ref, Field(description="Branch to merge into")],
        body: Body = "",
        draft: bool = False,
        maintainer_can_modify: Modifiable = None,
    ) -> Reply:
        """Open a pull request into a branch of a repository."""
        owner, name = repository.split("/")
        whose = head.rpartition(":")[0]
        if whose and whose.casefold() != owner.casefold():
            await self._require_granted(call, repository, f"{whose}/{name}")
        asked = {"body": body or None, "maintainer_can_modify": maintainer_can_modify}
        fields: dict[str, Any] = {"title": title, "head": head, "base": base, "draft": draft}
        fields |= {name: value for name, value in asked.items() if value is not None}
        made = await self._pulls.create(call, repository, fields)
        return _told(made, repository, "was opened")

    @tool("pull_requests", writes=True, destructive=True, idempotent=True)
    async def update_pull_request(
        self,
        call: Call,
        repository: Repository,
        pull_request: PullNumber,
        title: Title | None = None,
        body: Body | None = None,
        state: Literal["open", "closed"] | None = None,
        base: Ref | None = None,
        draft: bool | None = None,
        reviewers: Annotated[People, Field(description="Logins to ask for a review")] = None,
        remove_reviewers: People = None,
        maintainer_can_modify: Modifiable = None,
    ) -> Reply:
        """Change a pull request: fields left out stay; reviewers are added."""
        asked: dict[str, Any] = {"title": title, "body": body, "state": state, "base": base}
        asked |= {"maintainer_can_modify": maintainer_can_modify}
        fields = {name: value for name, value in asked.items() if value is not None}
        if not fields and draft is None and not reviewers and not remove_reviewers:
            raise WrongArguments("update_pull_request needs at least one field; nothing was sent.")
        if maintainer_can_modify is not None:
            _require_head(call, await self._pulls.read(call, repository, pull_request))
        pull, ask = f"{repository}#{pull_request}", partial(self._pulls.reviewers, call, repository, pull_request)
        steps: list[tuple[str, Step]] = []
        if fields:
            steps.append((", ".join(fields), partial(self._pulls.update, call, repository, pull_request, fields)))
        if draft is not None:
            steps.append(("draft", partial(self._set_draft, call, repository, pull_request, draft=draft)))
        if remove_reviewers:
            steps.append(("reviewers removed", partial(ask, remove_reviewers, wanted=False)))
        if reviewers:
            steps.append(("reviewers asked", partial(ask, reviewers, wanted=True)))
        now: list[WrittenPull] = []

        async def do(step: Step) -> None:
            now.append(await step())

        await write_all([(f"{told} of {pull} was written", partial(do, step)) for told, step in steps])
        if missing := {name.rpartition("/")[2].casefold() for name in reviewers or ()} - now[-1].reviewers:
            raise ToolFailed(
                f"{pull} was changed, but GitHub did not ask all reviewers.",
                quoted=Quoted("who was not asked", " ".join(map(show_name, sorted(missing)))),
                next_step="Only people with access to the repository can be asked.",
            )
        return _told(now[-1], repository, "was updated; it is now")

    @tool("pull_requests", writes=True)
    async def update_pull_request_branch(
        self, call: Call, repository: Repository, pull_request: PullNumber, head_sha: HeadSha | None = None
    ) -> Reply:
        """Merge the newest base into a pull request's branch."""
        pull = await self._of_head(call, repository, pull_request, head_sha)
        _require_head(call, pull)
        await self._pulls.update_branch(call, repository, pull_request, pull.head.sha)
        head = f"GitHub merges {show_name(pull.base.ref)} into the branch of {repository}#{pull_request}; "
        return Reply(
            f"{head}its head was {pull.head.sha[:SHORT]}, and moves within seconds{shown_address(pull.html_url)}"
        )

    @tool("pull_requests", writes=True, danger=True, idempotent=True)
    async def merge_pull_request(
        self,
        call: Call,
        repository: Repository,
        pull_request: PullNumber,
        head_sha: HeadSha,
        merge_method: Literal["merge", "squash", "rebase"] = "merge",
        commit_title: Annotated[str | None, Field(max_length=256)] = None,
        commit_message: Annotated[str | None, Field(max_length=65_000)] = None,
    ) -> Reply:
        """Merge a pull request, if its head is still the one that you read."""
        pull = await self._of_head(call, repository, pull_request, head_sha)
        if pull.merged_at:
            return _told(pull, repository, "was merged before; it is")
        asked = {"commit_title": commit_title, "commit_message": commit_message}
        fields = {name: value for name, value in asked.items() if value is not None}
        fields |= {"sha": pull.head.sha, "merge_method": merge_method}
        merged = await self._pulls.merge(call, repository, pull_request, fields)
        if not merged.merged:
            raise ToolFailed(f"GitHub did not merge {repository}#{pull_request}.", next_step="Read it again.")
        into = f"{repository}#{pull_request} was merged into {show_name(pull.base.ref)}"
        return Reply(f"{into} by commit {merged.sha[:SHORT]}{shown_address(pull.html_url)}")

    async def _require_granted(self, call: Call, repository: str, fork: str) -> None:
        """Raise unless the caller may use the fork with the branch, and GitHub takes `owner:branch` for one of it."""
        if call.caller.bound is None:
            return
        if not call.caller.may_touch(REPOSITORIES, fork):
            raise Refused(
                f"The branch is of {fork}, which is outside this caller's grant; nothing was sent.",
                next_step=f"Write the branch in {repository} itself, by create_branch and push_files.",
            )
        if not await self._pulls.is_fork(call, fork, repository):
            raise ToolFailed(
                f"{fork} is no fork of {repository}; nothing was sent.",
                next_step="Take a branch of the same repository, or of a fork of its name.",
            )

    async def _set_draft(self, call: Call, repository: str, number: int, *, draft: bool) -> WrittenPull:
        now = await self._pulls.set_draft(call, repository, number, draft=draft)
        if now.draft is not draft:
            raise ToolFailed(f"GitHub did not change the draft state of {repository}#{number}.", next_step="Leave it.")
        return now

    async def _of_head(self, call: Call, repository: str, number: int, head_sha: str | None) -> WrittenPull:
        """Read a pull request; refuse it where its head is not the one that the caller read."""
        pull = await self._pulls.read(call, repository, number)
        if head_sha is not None and not pull.head.sha.startswith(head_sha.lower()):
            raise ToolFailed(
                f"The head of {repository}#{number} is {pull.head.sha[:SHORT]}; nothing was written.",
                next_step="Read what came since you read it, and give that head_sha.",
            )
        return pull


def _told(pull: WrittenPull, repository: str, done: str) -> Reply:
    target = f"{repository}#{pull.number}"
    return Reply(f"{target} {done}{shown_address(pull.html_url)}", rows(f"facts of {target}", [pull.row()]))


def _require_head(call: Call, pull: WrittenPull) -> None:
    """Raise unless the caller may use the repository of a pull request's branch, in which the write takes place."""
    fork = pull.head.repo
    if fork is not None and not call.caller.may_touch(REPOSITORIES, fork.full_name):
        raise Refused(
            f"The branch is of {fork.name}, which is outside this caller's grant; nothing was sent.",
            next_step="Ask its owner in a comment.",
        )
