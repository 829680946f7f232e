"""Exchanges about planning, teams and searches, some of whose paths and bodies hold ids of the world."""

from typing import Any

from stand_ins.github.world import World

HELLO = "/repos/octocat/hello-world"
PLANNING = "/repos/octo-org/planning"


def reads(world: World) -> list[tuple[str, int]]:
    """Return paths, each with the status of its reply."""
    comment = world.named("octo-org/planning").issues[3].comments[0].id
    return [
        (f"{PLANNING}/issues?state=all&milestone=2&type=none", 200),
        (f"{PLANNING}/issues/1/sub_issues?per_page=1", 200),
        (f"{PLANNING}/issues/3/parent", 200),
        (f"{PLANNING}/issues/1/parent", 404),
        (f"{PLANNING}/issues/4/timeline", 200),
        (f"{PLANNING}/issues/2/timeline", 200),
        (f"{PLANNING}/issues/4/reactions?content=heart", 200),
        (f"{PLANNING}/issues/comments/{comment}/reactions", 200),
        (f"{PLANNING}/milestones?state=all", 200),
        (f"{PLANNING}/milestones/1", 200),
        (f"{PLANNING}/milestones/9", 404),
        (f"{PLANNING}/issue-types", 200),
        (f"{HELLO}/issue-types", 404),
        ("/user/teams", 200),
        ("/orgs/octo-org/teams?per_page=1", 200),
        ("/orgs/octo-org/teams/translators/members?role=member", 200),
        ("/orgs/octo-org/teams/nobody/members", 404),
        ("/installation/repositories", 403),
        ("/search/repositories?q=greets+user:octocat&sort=stars&per_page=1", 200),
        ("/search/repositories?q=user:nobody", 422),
        ("/search/users?q=example+type:user&per_page=2", 200),
    ]


def writes(world: World) -> list[tuple[str, str, Any, int]]:
    """Return methods, paths and bodies, each with the status of its reply."""
    issues = world.named("octo-org/planning").issues
    second, fourth, comment = issues[2].id, issues[4].id, issues[3].comments[0]
    return [
        ("PATCH", f"{PLANNING}/issues/4", {"milestone": 2, "type": "Feature"}, 200),
        ("PATCH", f"{PLANNING}/issues/4", {"type": None}, 200),
        ("PATCH", f"{PLANNING}/issues/4", {"milestone": 9}, 422),
        ("POST", f"{PLANNING}/issues/1/sub_issues", {"sub_issue_id": fourth}, 201),
        ("POST", f"{PLANNING}/issues/1/sub_issues", {"sub_issue_id": fourth}, 422),
        ("POST", f"{PLANNING}/issues/1/sub_issues", {"sub_issue_id": 9}, 404),
        ("PATCH", f"{PLANNING}/issues/1/sub_issues/priority", {"sub_issue_id": fourth, "before_id": second}, 200),
        ("DELETE", f"{PLANNING}/issues/1/sub_issue", {"sub_issue_id": fourth}, 200),
        ("POST", f"{PLANNING}/issues/4/reactions", {"content": "eyes"}, 201),
        ("POST", f"{PLANNING}/issues/4/reactions", {"content": "eyes"}, 200),
        ("DELETE", f"{PLANNING}/issues/4/reactions/{issues[4].reactions[-1].id}", None, 204),
        ("POST", f"{PLANNING}/issues/comments/{comment.id}/reactions", {"content": "+1"}, 201),
        ("DELETE", f"{PLANNING}/issues/comments/{comment.id}/reactions/{comment.reactions[0].id}", None, 204),
        ("POST", f"{PLANNING}/issues/4/assignees", {"assignees": ["mona-example"]}, 201),
        ("DELETE", f"{PLANNING}/issues/4/assignees", {"assignees": ["mona-example"]}, 200),
    ]
