"""Exchanges about forks."""

from typing import Any

FORKS = "/repos/octocat/hello-world/forks"
WRITES: list[tuple[str, str, Any, int]] = [
    ("POST", FORKS, {"organization": "octo-org", "name": "hello"}, 202),
    ("POST", FORKS, {"organization": "octo-org", "name": "hello"}, 202),
    ("POST", FORKS, {"organization": "nobody-example"}, 422),
    ("POST", FORKS, {}, 202),
]
