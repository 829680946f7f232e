"""Exchanges about projects, whose paths and bodies hold ids of the world."""

from typing import Any

from stand_ins.github.world import World

ROADMAP = "/orgs/octo-org/projectsV2/1"


def reads(world: World) -> list[tuple[str, int]]:
    """Return paths, each with the status of its reply."""
    project = world.projects[0]
    ids = ",".join(str(one.id) for one in project.fields)
    return [
        ("/orgs/octo-org/projectsV2?per_page=1", 200),
        ("/orgs/octocat/projectsV2", 404),
        (ROADMAP, 200),
        ("/orgs/octo-org/projectsV2/9", 404),
        (f"{ROADMAP}/fields?per_page=3", 200),
        *((f"{ROADMAP}/fields/{one.id}", 200) for one in project.fields),
        (f"{ROADMAP}/items?per_page=2&fields={ids}", 200),
        *((f"{ROADMAP}/items/{one.id}?fields={ids}", 200) for one in project.items),
        (f"{ROADMAP}/items/9", 404),
    ]


def writes(world: World) -> list[tuple[str, str, Any, int]]:
    """Return methods, paths and bodies, each with the status of its reply."""
    project = world.projects[0]
    fields = {one.name: one.id for one in project.fields}
    item = f"{ROADMAP}/items/{project.items[0].id}"
    issue = {"type": "Issue", "owner": "octo-org", "repo": "planning", "number": 4}
    values = [
        {"id": fields["Status"], "value": "f75ad846"},
        {"id": fields["Sprint"], "value": None},
        {"id": fields["Estimate"], "value": 2},
        {"id": fields["Due"], "value": "2026-12-01"},
        {"id": fields["Note"], "value": "Soon."},
    ]
    return [
        ("POST", f"{ROADMAP}/items", issue, 201),
        ("POST", f"{ROADMAP}/items", issue, 201),
        ("POST", f"{ROADMAP}/items", issue | {"type": "PullRequest", "number": 5}, 201),
        ("POST", f"{ROADMAP}/items", issue | {"number": 99}, 404),
        ("POST", f"{ROADMAP}/items", issue | {"type": "PullRequest"}, 422),
        ("PATCH", item, {"fields": values}, 200),
        ("PATCH", item, {"fields": [{"id": fields["Status"], "value": "nothing"}]}, 422),
        ("PATCH", item, {"fields": [{"id": fields["Title"], "value": "x"}]}, 422),
        ("DELETE", item, None, 204),
        ("DELETE", item, None, 404),
    ]
