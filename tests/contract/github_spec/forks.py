"""Exchanges about forks."""

from typing import Any

HELLO, FORK = "/repos/octocat/hello-world", "/repos/agent-bot/hello-world"
FORKS = f"{HELLO}/forks"
WRITES: list[tuple[str, str, Any, int]] = [
    ("POST", FORKS, {"organization": "octo-org", "name": "hello"}, 202),
    ("POST", FORKS, {"organization": "octo-org", "name": "hello"}, 202),
    ("POST", FORKS, {"organization": "nobody-example"}, 422),
    ("POST", FORKS, {}, 202),
    ("POST", f"{FORK}/git/refs", {"ref": "refs/heads/theirs", "sha": "{main}"}, 201),
    ("PUT", f"{FORK}/contents/new.txt", {"message": "m", "content": "bmV3", "branch": "theirs"}, 201),
    ("POST", f"{HELLO}/pulls", {"title": "T", "head": "agent-bot:theirs", "base": "main"}, 201),
    ("POST", f"{HELLO}/pulls", {"title": "T", "head": "nobody-example:theirs", "base": "main"}, 422),
]
