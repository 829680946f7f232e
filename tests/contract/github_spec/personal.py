"""Exchanges about notifications and gists, some of whose paths hold ids of the world."""

from typing import Any

from stand_ins.github.seed_personal import OWN, PUBLIC
from stand_ins.github.world import World

HELLO = "/repos/octocat/hello-world"
README = {"README.md": {"content": "Read me."}}


def reads(world: World) -> list[tuple[str, int]]:
    """Return paths, each with the status of its reply."""
    thread = f"/notifications/threads/{world.notifications[0].id}"
    return [
        ("/notifications?all=true&per_page=1", 200),
        ("/notifications?participating=true&since=2026-11-19T00:00:00Z&before=2026-11-30T00:00:00Z", 200),
        (f"{HELLO}/notifications", 200),
        (thread, 200),
        (f"{thread}/subscription", 200),
        (f"{HELLO}/subscription", 200),
        ("/repos/octocat/secret-plans/subscription", 404),
        ("/gists?since=2026-01-01T00:00:00Z", 200),
        ("/users/mona-example/gists?per_page=1", 200),
        (f"/gists/{OWN}", 200),
        (f"/gists/{PUBLIC}", 200),
        ("/gists/0123456789abcdef", 404),
    ]


def writes(world: World) -> list[tuple[str, str, Any, int]]:
    """Return methods, paths and bodies, each with the status of its reply."""
    thread = f"/notifications/threads/{world.notifications[0].id}"
    return [
        ("PUT", f"{thread}/subscription", {"ignored": True}, 200),
        ("DELETE", f"{thread}/subscription", None, 204),
        ("PATCH", thread, None, 205),
        ("DELETE", thread, None, 204),
        ("PUT", f"{HELLO}/notifications", {"last_read_at": "2026-11-19T12:00:00Z"}, 205),
        ("PUT", "/notifications", {}, 205),
        ("PUT", f"{HELLO}/subscription", {"subscribed": True, "ignored": False}, 200),
        ("DELETE", f"{HELLO}/subscription", None, 204),
        ("POST", "/gists", {"files": README, "description": "New", "public": False}, 201),
        ("POST", "/gists", {"files": {}}, 422),
        ("PATCH", f"/gists/{OWN}", {"files": README, "description": "Changed"}, 200),
        ("PATCH", f"/gists/{PUBLIC}", {"description": "Not mine"}, 404),
    ]
