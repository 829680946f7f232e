"""Labels, issues, comments and search hits as JSON."""

from typing import Any

from stand_ins.github.records import Comment, Issue, Label, Repository
from stand_ins.github.shapes.account import node_id, simple_user, stamp
from stand_ins.github.shapes.planning import milestone_json, reactions_json, type_json
from stand_ins.github.shapes.repository import api_url, web_url
from stand_ins.github.world import World


def label_json(label: Label, repository: Repository, base: str) -> dict[str, Any]:
    """Describe a label."""
    return {
        "id": label.id,
        "node_id": node_id("LA", label.id),
        "url": f"{api_url(repository, base)}/labels/{label.name.replace(' ', '%20')}",
        "name": label.name,
        "color": label.color,
        "default": label.default,
        "description": label.description,
    }


def issue_url(issue: Issue, repository: Repository, base: str) -> str:
    """Give the issue's address in the API."""
    return f"{api_url(repository, base)}/issues/{issue.number}"


def issue_web_url(issue: Issue, repository: Repository, base: str) -> str:
    """Give the address a person would open."""
    return f"{web_url(repository, base)}/{'pull' if issue.pull else 'issues'}/{issue.number}"


def issue_json(
    issue: Issue, repository: Repository, world: World, base: str, *, single: bool = False
) -> dict[str, Any]:
    """Describe an issue; `single` adds what only the issue's own address tells (who closed it)."""
    url = issue_url(issue, repository, base)
    assignees = [simple_user(one, base) for one in issue.assignees]
    shape: dict[str, Any] = {
        "url": url,
        "repository_url": api_url(repository, base),
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": issue_web_url(issue, repository, base),
        "id": issue.id,
        "node_id": node_id("PR" if issue.pull else "I", issue.id),
        "number": issue.number,
        "title": issue.title,
        "user": simple_user(issue.user, base),
        "labels": [label_json(one, repository, base) for one in issue.labels],
        "state": issue.state,
        "locked": issue.locked,
        "assignee": assignees[0] if assignees else None,
        "assignees": assignees,
        "milestone": milestone_json(issue.milestone, repository, base) if issue.milestone else None,
        "comments": len(issue.comments),
        "created_at": stamp(issue.created_at),
        "updated_at": stamp(issue.updated_at),
        "closed_at": stamp(issue.closed_at),
        "author_association": world.association(repository, issue.user),
        "active_lock_reason": None,
        "body": issue.body,
        "draft": issue.pull.draft if issue.pull else False,
        "reactions": reactions_json(issue.reactions, url),
        "timeline_url": f"{url}/timeline",
        "performed_via_github_app": None,
        "state_reason": issue.state_reason,
        "sub_issues_summary": _sub_issues(issue),
        "issue_dependencies_summary": {
            "blocked_by": 0,
            "total_blocked_by": 0,
            "blocking": 0,
            "total_blocking": 0,
        },
    }
    if issue.type:
        shape["type"] = type_json(issue.type)
    if issue.parent:
        shape["parent_issue_url"] = issue_url(issue.parent, world.repository_of(issue.parent), base)
    if issue.pull:
        page = issue_web_url(issue, repository, base)
        shape["pull_request"] = {
            "url": f"{api_url(repository, base)}/pulls/{issue.number}",
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "merged_at": stamp(issue.pull.merged_at),
        }
    if single:
        shape["closed_by"] = simple_user(issue.closed_by, base) if issue.closed_by else None
    return shape


def comment_json(comment: Comment, issue: Issue, repository: Repository, world: World, base: str) -> dict[str, Any]:
    """Describe a comment."""
    url = f"{api_url(repository, base)}/issues/comments/{comment.id}"
    return {
        "url": url,
        "html_url": f"{issue_web_url(issue, repository, base)}#issuecomment-{comment.id}",
        "issue_url": issue_url(issue, repository, base),
        "id": comment.id,
        "node_id": node_id("IC", comment.id),
        "user": simple_user(comment.user, base),
        "created_at": stamp(comment.created_at),
        "updated_at": stamp(comment.updated_at),
        "author_association": world.association(repository, comment.user),
        "body": comment.body,
        "reactions": reactions_json(comment.reactions, url),
        "performed_via_github_app": None,
    }


def _sub_issues(issue: Issue) -> dict[str, int]:
    total, completed = len(issue.sub_issues), sum(one.state == "closed" for one in issue.sub_issues)
    percent = 100 * completed // total if total else 0
    return {"total": total, "completed": completed, "percent_completed": percent}
