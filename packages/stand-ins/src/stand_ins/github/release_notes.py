"""Release notes as GitHub generates them: the pull requests that were merged between two tags."""

from stand_ins.github.records import Issue, Repository
from stand_ins.github.shapes.repository import web_url


def previous_tag(repository: Repository, tag: str, sha: str) -> str | None:
    """Find the tag of the latest published release before a commit."""
    history = repository.history
    before = {commit.sha for commit in history.log(sha)}
    tags = {one.tag for one in repository.releases if not one.draft and one.tag != tag}
    known = [(history.commits[at].at, name) for name, at in history.tags.items() if name in tags and at in before]
    return max(known)[1] if known else None


def generate_notes(repository: Repository, tag: str, sha: str, previous: str | None, base: str) -> str:
    """Write the notes of a tag at a commit, from another tag on or from the beginning."""
    web, history = web_url(repository, base), repository.history
    commits = history.between(history.tags[previous], sha) if previous else [*history.log(sha)][::-1]
    merged = _merged_by(repository, [commit.sha for commit in commits])
    lines = ["## What's Changed"] if merged else []
    lines += [f"* {one.title} by @{one.user.login} in {web}/pull/{one.number}" for one in merged]
    newcomers = [one for one in merged if _is_first(repository, one)]
    if newcomers:
        lines += ["", "## New Contributors"]
        lines += [f"* @{one.user.login} made their first contribution in {web}/pull/{one.number}" for one in newcomers]
    span = f"{web}/compare/{previous}...{tag}" if previous else f"{web}/commits/{tag}"
    return "\n".join([*lines, *(["", ""] if merged else []), f"**Full Changelog**: {span}"])


def _merged_by(repository: Repository, shas: list[str]) -> list[Issue]:
    """Return the pull requests that these commits merged, in the commits' order."""
    found = {one.pull.merge_commit_sha: one for one in repository.issues.values() if one.pull and one.pull.merged_at}
    return [found[sha] for sha in shas if sha in found]


def _is_first(repository: Repository, issue: Issue) -> bool:
    """Say whether no pull request of the same person was merged before."""
    merged = [
        (one.pull.merged_at, one.number)
        for one in repository.issues.values()
        if one.pull and one.pull.merged_at and one.user is issue.user
    ]
    return min(merged)[1] == issue.number
