"""Releases, the notes that GitHub generates, and deployments."""

from dataclasses import replace
from typing import Literal

from api_kit import Body, Call, Route

from github_api.confirm import releases as confirm
from github_api.probes import releases as probes
from github_api.routes.in_repository import PAGE, REPO, TEXTS, read, write

RELEASES = REPO + "/releases"
DEPLOYMENTS = REPO + "/deployments"
NEW_RELEASE = Body(frozenset({"tag_name", "target_commitish", "name", "body", "draft", "prerelease"}), texts=TEXTS)
NOTES = Body(frozenset({"tag_name", "target_commitish", "previous_tag_name"}))


def routes() -> list[Route]:
    """Make the routes."""
    create = write("POST", RELEASES, "create_release", NEW_RELEASE)
    notes = replace(read(RELEASES + "/generate-notes"), method="POST", body=NOTES, reply_resources=None)
    return [
        read(RELEASES, PAGE),
        read(RELEASES + "/latest"),
        read(RELEASES + "/tags/{tag:file}"),
        read(RELEASES + "/{release:number}"),
        notes,
        replace(
            create,
            access_of=_access,
            verify_reply=confirm.released,
            probe=probes.RELEASE_MADE,
            read_before=probes.release_before,
        ),
        read(DEPLOYMENTS, PAGE | {"sha", "ref", "task", "environment"}),
        read(DEPLOYMENTS + "/{deployment:number}/statuses", PAGE),
    ]


def _access(call: Call) -> Literal["write", "danger"]:
    """Say what a new release does: a draft is seen by those alone who may push, and can be deleted unseen."""
    draft = isinstance(call.body, dict) and call.body.get("draft") is True
    return "write" if draft else "danger"
