"""A repository as JSON: the form inside other objects and webhooks, and GitHub's full-repository."""

from typing import Any

from stand_ins.github.accounts import Role
from stand_ins.github.records import Repository
from stand_ins.github.shapes.account import node_id, simple_user, stamp

# What follows a repository's own address in each `<key>_url`.
LINKS = {
    "forks": "/forks",
    "keys": "/keys{/key_id}",
    "collaborators": "/collaborators{/collaborator}",
    "teams": "/teams",
    "hooks": "/hooks",
    "issue_events": "/issues/events{/number}",
    "events": "/events",
    "assignees": "/assignees{/user}",
    "branches": "/branches{/branch}",
    "tags": "/tags",
    "blobs": "/git/blobs{/sha}",
    "git_tags": "/git/tags{/sha}",
    "git_refs": "/git/refs{/sha}",
    "trees": "/git/trees{/sha}",
    "statuses": "/statuses/{sha}",
    "languages": "/languages",
    "stargazers": "/stargazers",
    "contributors": "/contributors",
    "subscribers": "/subscribers",
    "subscription": "/subscription",
    "commits": "/commits{/sha}",
    "git_commits": "/git/commits{/sha}",
    "comments": "/comments{/number}",
    "issue_comment": "/issues/comments{/number}",
    "contents": "/contents/{+path}",
    "compare": "/compare/{base}...{head}",
    "merges": "/merges",
    "archive": "/{archive_format}{/ref}",
    "downloads": "/downloads",
    "issues": "/issues{/number}",
    "pulls": "/pulls{/number}",
    "milestones": "/milestones{/number}",
    "notifications": "/notifications{?since,all,participating}",
    "labels": "/labels{/name}",
    "releases": "/releases{/id}",
    "deployments": "/deployments",
}


def api_url(repository: Repository, base: str) -> str:
    """Give the repository's address in the API."""
    return f"{base}/repos/{repository.full_name}"


def web_url(repository: Repository, base: str) -> str:
    """Give the address a person would open; the stand-in serves no pages there."""
    return f"{base}/{repository.full_name}"


def repository_json(repository: Repository, base: str, role: Role | None = None) -> dict[str, Any]:
    """Describe a repository as it appears in webhooks and pull requests."""
    url, web = api_url(repository, base), web_url(repository, base)
    host = base.partition("://")[2]
    open_issues = sum(one.state == "open" and not one.deleted for one in repository.issues.values())
    shape: dict[str, Any] = {
        "id": repository.id,
        "node_id": node_id("R", repository.id),
        "name": repository.name,
        "full_name": repository.full_name,
        "private": repository.private,
        "owner": simple_user(repository.owner, base),
        "html_url": web,
        "description": repository.description,
        "fork": repository.parent is not None,
        "url": url,
    }
    shape |= {f"{key}_url": f"{url}{rest}" for key, rest in LINKS.items()}
    shape |= {
        "created_at": stamp(repository.created_at),
        "updated_at": stamp(repository.updated_at),
        "pushed_at": stamp(repository.created_at),
        "git_url": f"git://{host}/{repository.full_name}.git",
        "ssh_url": f"git@{host}:{repository.full_name}.git",
        "clone_url": f"{web}.git",
        "svn_url": web,
        "homepage": None,
        "size": sum(map(len, repository.files.values())) // 1024,
        "stargazers_count": 0,
        "watchers_count": 0,
        "language": None,
        "has_issues": repository.has_issues,
        "has_projects": True,
        "has_downloads": True,
        "has_wiki": True,
        "has_pages": False,
        "has_discussions": bool(repository.discussion_categories),
        "forks_count": 0,
        "mirror_url": None,
        "archived": repository.archived,
        "disabled": False,
        "open_issues_count": open_issues,
        "license": None,
        "allow_forking": True,
        "is_template": False,
        "web_commit_signoff_required": False,
        "topics": [],
        "visibility": "private" if repository.private else "public",
        "forks": 0,
        "open_issues": open_issues,
        "watchers": 0,
        "default_branch": repository.default_branch,
    }
    if role is not None:
        shape["permissions"] = {one.name: role >= one for one in (Role.admin, Role.maintain, Role.triage)}
        shape["permissions"] |= {"push": role >= Role.write, "pull": role >= Role.read}
    return shape


def full_repository(repository: Repository, base: str, role: Role) -> dict[str, Any]:
    """Describe a repository as `GET /repos/{owner}/{repo}` does."""
    parent = repository_json(repository.parent, base) if repository.parent else None
    return repository_json(repository, base, role) | {
        **({"parent": parent, "source": parent} if parent else {}),
        "temp_clone_token": None,
        "network_count": 0,
        "subscribers_count": 0,
    }
