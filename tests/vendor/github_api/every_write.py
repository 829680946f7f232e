"""A request for each route of GitHub's table that writes: a route without one fails the conformance suite."""

import base64
from collections.abc import Mapping

from agent_contracts import Grant
from agent_vendors.github import GITHUB
from conformance.gateways.record import Ask, Writes
from stand_ins.github.seed_personal import OWN
from vendor.github_api.write_requests import (
    PLANNING,
    Make,
    added,
    answered,
    behind,
    branched,
    closed_alert,
    collaborator,
    commented,
    crew,
    deleted,
    draft,
    forked,
    item,
    labelled,
    member,
    merged,
    moved,
    opened,
    own_reaction,
    pending,
    sub_issue,
    thread,
    to,
    told,
    under_way,
)

REPO, ORG = "/repos/{owner:name}/{repo:name}", "/orgs/{org:name}"
ISSUE, PULL, RUN = (
    f"{REPO}/issues/{{number:number}}",
    f"{REPO}/pulls/{{number:number}}",
    f"{REPO}/actions/runs/{{run:number}}",
)
REVIEW, REACTIONS = f"{PULL}/reviews/{{review:number}}", f"{ISSUE}/reactions"
OF_COMMENT = f"{REPO}/issues/comments/{{comment:number}}/reactions"
THREAD = "{owner:name}/{repo:name}/{number:number}"
INBOX = "/notifications"
TEAM = f"{ORG}/teams/{{team:name}}"
ITEMS = f"{ORG}/projectsV2/{{project:number}}/items"
CODE = {"message": "Write it", "content": base64.b64encode(b"One\n").decode(), "branch": "main"}


ASKS: Mapping[str, Make] = {
    f"POST {REPO}/actions/workflows/{{workflow}}/dispatches": to(
        "/actions/workflows/release.yml/dispatches",
        {"ref": "main", "inputs": {"version": "3.0.0"}, "return_run_details": True},
    ),
    f"POST {RUN}/rerun": to("/actions/runs/6100003/rerun"),
    f"POST {RUN}/rerun-failed-jobs": to("/actions/runs/6100003/rerun-failed-jobs"),
    f"POST {RUN}/cancel": under_way,
    f"POST /graphql/ResolveThread/{THREAD}": thread(resolved=True),
    f"POST /graphql/UnresolveThread/{THREAD}": thread(resolved=False),
    f"POST {REPO}/issues": to("/issues", {"title": "New", "body": "Help.", "labels": ["bug"]}),
    f"PATCH {ISSUE}": to("/issues/1", {"title": "Other"}),
    f"POST {ISSUE}/comments": to("/issues/1/comments", {"body": "Seen."}),
    f"POST {ISSUE}/labels": to("/issues/1/labels", {"labels": ["question"]}),
    f"PUT {ISSUE}/labels": to("/issues/1/labels", {"labels": ["question"]}),
    f"DELETE {ISSUE}/labels": to("/issues/1/labels"),
    f"DELETE {ISSUE}/labels/{{name}}": labelled,
    f"POST {ISSUE}/assignees": to("/issues/4/assignees", {"assignees": ["mona-example"]}, of=PLANNING),
    f"DELETE {ISSUE}/assignees": to("/issues/3/assignees", {"assignees": ["sam-example"]}, of=PLANNING),
    f"POST {ISSUE}/sub_issues/{{sub_owner:name}}/{{sub_repo:name}}/{{sub_number:number}}": to(
        f"/issues/1/sub_issues/{PLANNING}/4", {}, of=PLANNING
    ),
    f"DELETE {ISSUE}/sub_issue": sub_issue("sub_issue", "sub_issue_id"),
    f"PATCH {ISSUE}/sub_issues/priority": sub_issue("sub_issues/priority", "sub_issue_id", "before_id"),
    f"POST {REACTIONS}": to("/issues/4/reactions", {"content": "rocket"}, of=PLANNING),
    f"DELETE {REACTIONS}/{{reaction:number}}": own_reaction(of_comment=False),
    f"POST {OF_COMMENT}": commented,
    f"DELETE {OF_COMMENT}/{{reaction:number}}": own_reaction(of_comment=True),
    f"POST {REPO}/forks": forked,
    f"POST {REPO}/pulls": opened,
    f"PATCH {PULL}": to("/pulls/5", {"title": "New"}),
    f"POST {PULL}/requested_reviewers": to("/pulls/5/requested_reviewers", {"reviewers": ["octocat"]}),
    f"DELETE {PULL}/requested_reviewers": to("/pulls/5/requested_reviewers", {"reviewers": ["sam-example"]}),
    f"POST {PULL}/graphql/ReadyForReview": draft(is_one=False),
    f"POST {PULL}/graphql/ConvertToDraft": draft(is_one=True),
    f"PUT {PULL}/update-branch": behind,
    f"PUT {PULL}/merge": merged,
    f"POST {PULL}/reviews": to("/pulls/5/reviews", {"event": "COMMENT", "body": "Looks good."}),
    f"POST {REVIEW}/events": pending("/events", {"event": "COMMENT", "body": "Done."}),
    f"POST {REVIEW}/graphql/AddReviewThread": pending(
        "/graphql/AddReviewThread", {"path": "hello/settings.py", "line": 8, "side": "RIGHT", "body": "Why?"}
    ),
    f"DELETE {REVIEW}": pending(""),
    f"POST {PULL}/comments/{{comment:number}}/replies": answered,
    f"POST {REPO}/releases": to("/releases", {"tag_name": "v2.4.0", "name": "Next", "body": "N", "draft": True}),
    f"PUT {REPO}/contents/{{path:file}}": to("/contents/docs/new.md", CODE),
    f"DELETE {REPO}/contents/{{path:file}}": deleted,
    f"POST {REPO}/git/refs": branched,
    f"PATCH {REPO}/git/refs/{{ref:ref}}": moved,
    **{
        f"PATCH {REPO}/{kind}/alerts/{{alert:number}}": closed_alert(kind)
        for kind in ("code-scanning", "dependabot", "secret-scanning")
    },
    f"PATCH {INBOX}/threads/{{thread:number}}": told(""),
    f"DELETE {INBOX}/threads/{{thread:number}}": told(""),
    f"PUT {REPO}{INBOX}": to(INBOX, {"last_read_at": "2026-11-19T12:00:00Z"}),
    f"PUT {INBOX}": lambda _: Ask("", INBOX, body={"last_read_at": "2026-11-19T12:00:00Z"}),
    f"PUT {INBOX}/threads/{{thread:number}}/subscription": told("/subscription", {"ignored": True}),
    f"DELETE {INBOX}/threads/{{thread:number}}/subscription": told("/subscription"),
    f"PUT {REPO}/subscription": to("/subscription", {"subscribed": True, "ignored": True}),
    f"DELETE {REPO}/subscription": to("/subscription"),
    "POST /gists": lambda _: Ask("", "/gists", body={"files": {"plan.md": {"content": "# A"}}, "description": "P"}),
    "PATCH /gists/{gist:name}": lambda _: Ask("", f"/gists/{OWN}", body={"description": "Changed"}),
    "POST /graphql/AddDiscussionComment/{owner:name}/{repo:name}/{number:number}": lambda _: Ask(
        "", f"/graphql/AddDiscussionComment/{PLANNING}/101", body={"body": "Seen."}
    ),
    f"POST {ITEMS}": added,
    f"PATCH {ITEMS}/{{item:number}}": item(body=True),
    f"DELETE {ITEMS}/{{item:number}}": item(body=False),
    f"PUT {REPO}/collaborators/{{user:name}}": collaborator({"permission": "maintain"}),
    f"DELETE {REPO}/collaborators/{{user:name}}": collaborator(),
    f"PUT {TEAM}/memberships/{{user:name}}": member({"role": "maintainer"}),
    f"DELETE {TEAM}/memberships/{{user:name}}": member(),
    f"PUT {TEAM}/repos/{{owner:name}}/{{repo:name}}": crew({"permission": "push"}),
    f"DELETE {TEAM}/repos/{{owner:name}}/{{repo:name}}": crew(),
}
"""By the route's name."""
WRITES = Writes(
    Grant(tools=sorted(GITHUB.tools), resources={"repositories": ["*/*"], "gists": ["agent-bot"]}, mode="write"),
    ASKS,
    lambda stand_in: {
        name: value for name, value in vars(stand_in.world).items() if name[0] != "_" and name != "secret"
    },
)
