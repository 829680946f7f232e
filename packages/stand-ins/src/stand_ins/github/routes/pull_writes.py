"""Operations that open, change and merge pull requests."""

from typing import Any

from starlette.responses import JSONResponse, Response

from stand_ins.github.accounts import Role, User
from stand_ins.github.ask import Ask, Operation
from stand_ins.github.history import Commit
from stand_ins.github.merging import compared, merge, merged_files
from stand_ins.github.planning import Team
from stand_ins.github.pushes import push
from stand_ins.github.records import Issue, Pull
from stand_ins.github.refusal import Refusal, must_have_admin_rights, not_found, validation_failed
from stand_ins.github.routes.pulls import found
from stand_ins.github.shapes.pull import pull_json, pull_simple

METHODS = frozenset({"merge", "squash", "rebase"})
STATES = frozenset({"open", "closed"})


async def create_pull(ask: Ask) -> Response:
    """Open a pull request from a branch, of this repository or a fork, that has commits which its base has not."""
    asked = await ask.fields("PullRequest")
    title, body = asked.title(required=True), asked.body()
    owner, _, head = str(asked.raw("head")).rpartition(":")
    base, history = str(asked.raw("base")), ask.repository.history
    pull = Pull(head, "", base, "", [], draft=asked.raw("draft") is True)
    if owner and owner.lower() != ask.repository.owner.login.lower():
        pull.fork_owner = owner
    source = ask.world.head_repository(ask.repository, pull)
    if source is not None and ask.world.role(source, ask.me) < Role.write:
        raise not_found(ask.docs)
    if source is None or head not in source.history.branches:
        raise validation_failed(ask.docs, asked.fault("head", "invalid"))
    if base not in history.branches:
        raise validation_failed(ask.docs, asked.fault("base", "invalid"))
    others = [(one.pull.fork_owner, one.pull.head_ref, one.pull.base_ref) for one in _open(ask) if one.pull]
    if (pull.fork_owner, head, base) in others:
        raise _custom(ask, f"A pull request already exists for {owner or ask.repository.owner.login}:{head}.")
    pull.head_sha, pull.base_sha = source.history.branches[head], history.branches[base]
    history.bring(source.history, pull.head_sha)
    pull.files, pull.commits = compared(ask.repository, pull)
    if not pull.commits:
        raise _custom(ask, f"No commits between {base} and {head}")
    issue = ask.world.add_issue(ask.repository, title=title or "", body=body, user=ask.me)
    issue.pull = pull
    ask.stand_in.announce_pull("opened", issue, ask.repository, ask.me, ask.base)
    shape = pull_json(issue, pull, ask.repository, ask.world, ask.base)
    return JSONResponse(shape, status_code=201, headers={"Location": shape["url"]})


async def update_pull(ask: Ask) -> Response:
    """Change a pull request; its author may, and whoever may push."""
    issue, pull = found(ask)
    if ask.role < Role.write and ask.me is not issue.user:
        raise must_have_admin_rights(ask.docs)
    asked = await ask.fields("PullRequest")
    title, body, state, base = (
        asked.title(required=False),
        asked.body(),
        asked.choice("state", STATES),
        asked.raw("base"),
    )
    changed: dict[str, Any] = {}
    if base is not None and base != pull.base_ref:
        if base not in ask.repository.history.branches:
            raise validation_failed(ask.docs, asked.fault("base", "invalid"))
        changed["base"] = {"ref": {"from": pull.base_ref}, "sha": {"from": pull.base_sha}}
        pull.base_ref, pull.base_sha = base, ask.repository.history.branches[base]
        pull.files, pull.commits = compared(ask.repository, pull)
    if title is not None and title != issue.title:
        changed["title"] = {"from": issue.title}
        issue.title = title
    if "body" in asked and body != issue.body:
        changed["body"] = {"from": issue.body or ""}
        issue.body = body
    issue.updated_at = ask.world.clock()
    if changed:
        ask.stand_in.announce_pull("edited", issue, ask.repository, ask.me, ask.base, changes=changed)
    if state is not None and state != issue.state:
        _set_state(ask, issue, pull, state)
    return JSONResponse(pull_json(issue, pull, ask.repository, ask.world, ask.base))


async def request_reviewers(ask: Ask) -> Response:
    """Ask people and teams for a review."""
    issue, pull = found(ask)
    people, teams = await _reviewers(ask, issue)
    for user in people:
        if user not in pull.requested_reviewers:
            pull.requested_reviewers.append(user)
            ask.stand_in.announce_pull("review_requested", issue, ask.repository, ask.me, ask.base)
    pull.requested_teams += [team for team in teams if team not in pull.requested_teams]
    return JSONResponse(pull_simple(issue, pull, ask.repository, ask.world, ask.base), status_code=201)


async def remove_reviewers(ask: Ask) -> Response:
    """Ask people and teams for a review no more."""
    issue, pull = found(ask)
    people, teams = await _reviewers(ask, issue)
    pull.requested_reviewers = [one for one in pull.requested_reviewers if one not in people]
    pull.requested_teams = [one for one in pull.requested_teams if one not in teams]
    return JSONResponse(pull_simple(issue, pull, ask.repository, ask.world, ask.base))


async def merge_pull(ask: Ask) -> Response:
    """Merge a pull request, if its head is the one that is expected and nothing conflicts."""
    issue, pull = found(ask)
    if ask.role < Role.write:
        raise not_found(ask.docs)
    asked = await ask.fields("PullRequest")
    method = asked.choice("merge_method", METHODS) or "merge"
    files = merged_files(ask.repository, pull)
    if issue.state != "open" or pull.draft or files is None:
        raise Refusal(405, "Pull Request is not mergeable", docs=ask.docs)
    if asked.raw("sha") not in (None, pull.head_sha):
        raise Refusal(409, "Head branch was modified. Review and try the merge again.", docs=ask.docs)
    history, at = ask.repository.history, ask.world.clock()
    base = history.branches[pull.base_ref]
    title = asked.raw("commit_title") or (
        f"{issue.title} (#{issue.number})" if method == "squash" else f"Merge pull request #{issue.number}"
    )
    text = asked.raw("commit_message")
    message = f"{title}\n\n{text}" if text else title
    parents = [base, pull.head_sha] if method == "merge" else [base]
    made = history.make(message=message, author=ask.me, at=at, files=files, parents=parents)
    push(ask.stand_in, ask.repository, pull.base_ref, made, by=ask.me, base=ask.base)
    pull.merged_at, pull.merged_by, pull.merge_commit_sha = at, ask.me, made.sha
    _set_state(ask, issue, pull, "closed")
    return JSONResponse({"sha": made.sha, "merged": True, "message": "Pull Request successfully merged"})


async def update_branch(ask: Ask) -> Response:
    """Merge the base branch into a pull request's branch. GitHub does it later; here it is done at once."""
    issue, pull = found(ask)
    if ask.role < Role.write:
        raise not_found(ask.docs)
    asked, history = await ask.fields("PullRequest"), ask.repository.history
    if asked.raw("expected_head_sha") not in (None, pull.head_sha):
        raise Refusal(422, "expected head sha didn’t match current head ref.", docs=ask.docs)
    base, head = history.commits[history.branches[pull.base_ref]], history.commits[pull.head_sha]
    if history.has(head.sha, base.sha):
        raise Refusal(422, "There are no new commits on the base branch.", docs=ask.docs)
    fork = history.merge_base(base.sha, head.sha)
    files = merge(fork.files if fork else {}, head.files, base.files)
    if files is None:
        raise Refusal(422, "merge conflict between base and head", docs=ask.docs)
    made = _merge_commit(ask, pull, head, base, dict(files))
    push(ask.stand_in, ask.repository, pull.head_ref, made, by=ask.me, base=ask.base)
    url = pull_simple(issue, pull, ask.repository, ask.world, ask.base)["url"]
    return JSONResponse({"message": "Updating pull request branch.", "url": url}, status_code=202)


def _merge_commit(ask: Ask, pull: Pull, head: Commit, base: Commit, files: dict[str, bytes]) -> Commit:
    return ask.repository.history.make(
        message=f"Merge branch '{pull.base_ref}' into {pull.head_ref}",
        author=ask.me,
        at=ask.world.clock(),
        files=files,
        parents=[head.sha, base.sha],
    )


def _set_state(ask: Ask, issue: Issue, pull: Pull, state: str) -> None:
    if state == "open" and pull.merged_at is not None:
        raise _custom(ask, "This pull request is already merged and cannot be reopened.")
    issue.state, issue.updated_at = state, ask.world.clock()
    issue.closed_at = ask.world.clock() if state == "closed" else None
    issue.closed_by = ask.me if state == "closed" else None
    action = "closed" if state == "closed" else "reopened"
    ask.stand_in.announce_pull(action, issue, ask.repository, ask.me, ask.base)


async def _reviewers(ask: Ask, issue: Issue) -> tuple[list[User], list[Team]]:
    if ask.role < Role.write:
        raise not_found(ask.docs)
    asked = await ask.fields("PullRequest")
    found = []
    for name in asked.names("reviewers", "login") or []:
        user = ask.world.users.get(name.lower())
        if user is issue.user:
            raise Refusal(422, "Review cannot be requested from pull request author.", docs=ask.docs)
        if user is None or ask.world.role(ask.repository, user) < Role.read:
            raise _no_collaborator(ask)
        found.append(user)
    teams = {team.slug: team for team in ask.world.teams if team.organization is ask.repository.owner}
    slugs = asked.names("team_reviewers", "slug") or []
    if not teams.keys() >= set(slugs):
        raise _no_collaborator(ask)
    return found, [teams[slug] for slug in slugs]


def _no_collaborator(ask: Ask) -> Refusal:
    message = "Reviews may only be requested from collaborators. "
    return Refusal(422, f"{message}One or more of the users or teams you specified is not one.", docs=ask.docs)


def _open(ask: Ask) -> list[Issue]:
    return [one for one in ask.repository.issues.values() if one.state == "open"]


def _custom(ask: Ask, message: str) -> Refusal:
    return validation_failed(ask.docs, {"resource": "PullRequest", "code": "custom", "message": message})


PULLS, REVIEWERS = "pulls/pulls", "pulls/review-requests"
ONE = "/pulls/{pull_number:int}"
OPERATIONS = (
    Operation("POST", "/pulls", create_pull, f"{PULLS}#create-a-pull-request", "pull_requests"),
    Operation("PATCH", ONE, update_pull, f"{PULLS}#update-a-pull-request", "pull_requests"),
    Operation("PUT", f"{ONE}/merge", merge_pull, f"{PULLS}#merge-a-pull-request", "contents"),
    Operation("PUT", f"{ONE}/update-branch", update_branch, f"{PULLS}#update-a-pull-request-branch", "pull_requests"),
    Operation(
        "POST", f"{ONE}/requested_reviewers", request_reviewers, f"{REVIEWERS}#request-reviewers", "pull_requests"
    ),
    Operation(
        "DELETE", f"{ONE}/requested_reviewers", remove_reviewers, f"{REVIEWERS}#remove-reviewers", "pull_requests"
    ),
)
