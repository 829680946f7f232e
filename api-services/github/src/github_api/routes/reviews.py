"""Reviews of pull requests: verdicts, comments on lines, replies."""

from dataclasses import replace

from agent_vendors.github_operations import ADD_REVIEW_THREAD
from api_kit import Body, Call, Route, markdown
from api_kit.routes import Access

from github_api.confirm import reviews as confirm
from github_api.confirm.node_operations import THREAD, commented
from github_api.probes import reviews as probes
from github_api.routes.in_repository import PAGE, PULL, REPO, TEXTS, read, write
from github_api.routes.node_operations import node_write

REVIEW = PULL + "/reviews/{review:number}"
TOOL = "pull_request_review_write"
COMMENTS = tuple(f"comments[].{name}" for name in ("path", "line", "side", "start_line", "start_side", "body"))
NEW_REVIEW = Body(
    frozenset({"body", "event", "commit_id", *COMMENTS}), texts={"body": markdown, "comments[].body": markdown}
)
EVENT = Body(frozenset({"body", "event"}), texts=TEXTS)
LINE = Body(frozenset({"path", "line", "side", "startLine", "startSide", "body"}), texts=TEXTS)
REPLY = Body(frozenset({"body"}), texts=TEXTS)


def routes() -> list[Route]:
    """Make the routes."""
    create = replace(write("POST", PULL + "/reviews", TOOL, NEW_REVIEW), access_of=_access)
    submit = replace(write("POST", REVIEW + "/events", TOOL, EVENT), access_of=_access)
    comment = node_write(REVIEW, ADD_REVIEW_THREAD, TOOL, LINE, at=THREAD)
    answer = write("POST", PULL + "/comments/{comment:number}/replies", "add_reply_to_pull_request_comment", REPLY)
    return [
        read(PULL + "/reviews", PAGE),
        read(REVIEW),
        read(PULL + "/comments", PAGE | {"sort", "direction", "since"}),
        read(REPO + "/pulls/comments", PAGE | {"sort", "direction", "since"}),
        replace(create, verify_reply=confirm.reviewed, probe=probes.REVIEW_MADE, read_before=probes.pull_before),
        replace(
            submit,
            idempotent=True,
            verify_reply=confirm.reviewed,
            probe=probes.REVIEW_SUBMITTED,
            read_before=probes.pull_before,
        ),
        replace(
            comment,
            effect_fields=lambda call: ["comments"],
            verify_reply=commented,
            probe=probes.THREAD_MADE,
            read_before=probes.pull_before,
        ),
        # what is found of a review that is gone names no repository
        replace(write("DELETE", REVIEW, TOOL, None), idempotent=True, probe=probes.REVIEW_GONE, reply_resources=None),
        replace(answer, verify_reply=confirm.replied, probe=probes.REPLY_MADE, read_before=probes.pull_before),
    ]


def _access(call: Call) -> Access:
    """Count an approval as dangerous: a repository may let nothing but approvals stand before a merge."""
    event = call.body.get("event") if isinstance(call.body, dict) else None
    return "write" if event in (None, "COMMENT", "REQUEST_CHANGES") else "danger"
