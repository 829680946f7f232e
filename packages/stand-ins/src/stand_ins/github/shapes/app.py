"""Apps as JSON."""

from typing import Any

from stand_ins.github.accounts import User
from stand_ins.github.apps import App
from stand_ins.github.shapes.account import node_id, simple_user, stamp

PERMISSIONS = {
    "contents": "write",
    "deployments": "read",
    "issues": "write",
    "metadata": "read",
    "pull_requests": "write",
}


def app_json(app: App, owner: User, base: str) -> dict[str, Any]:
    """Describe an App to itself."""
    return {
        "id": app.id,
        "slug": app.slug,
        "client_id": app.client_id,
        "node_id": node_id("A", app.id),
        "owner": simple_user(owner, base),
        "name": app.slug,
        "description": "",
        "external_url": f"{base}/apps/{app.slug}",
        "html_url": f"{base}/apps/{app.slug}",
        "created_at": stamp(app.created_at),
        "updated_at": stamp(app.created_at),
        "permissions": PERMISSIONS,
        "events": ["issues"],
        "installations_count": 1,
    }
