"""What follows a push: a branch moves, and the open pull requests of that branch with it."""

from stand_ins.github.accounts import Role, User
from stand_ins.github.history import Commit
from stand_ins.github.merging import compared
from stand_ins.github.records import Repository
from stand_ins.github.stand_in import StandIn


def push(stand_in: StandIn, repository: Repository, branch: str, commit: Commit, *, by: User, base: str) -> None:
    """Let a branch point to a commit; its open pull requests follow, and their webhooks go out."""
    history = repository.history
    before = history.branches.get(branch)
    history.branches[branch] = commit.sha
    for target in stand_in.world.network(repository):
        for issue in target.issues.values():
            pull = issue.pull
            if pull is None or issue.state != "open" or pull.head_ref != branch:
                continue
            if stand_in.world.head_repository(target, pull) is not repository:
                continue
            target.history.bring(history, commit.sha)
            pull.head_sha = commit.sha
            pull.files, pull.commits = compared(target, pull)
            issue.updated_at = stand_in.world.clock()
            more = {"before": before, "after": commit.sha}
            stand_in.announce_pull("synchronize", issue, target, by, base, **more)


def is_kept(repository: Repository, branch: str, role: Role) -> bool:
    """Return whether a branch is protected from an account's direct pushes."""
    return branch in repository.protected and role < Role.admin
