"""What GraphQL writes otherwise than REST: lists, accounts, and words in capitals."""

from typing import Any


def nodes(connection: Any) -> list[Any]:
    """Return the things of a list; none where GitHub gives no list."""
    found = connection.get("nodes") if isinstance(connection, dict) else None
    return [node for node in found or [] if node is not None]


def account(actor: Any) -> Any:
    """Return an account as REST shows it: a bot's login ends with `[bot]`; None for a deleted one."""
    if isinstance(actor, dict) and actor.get("__typename") == "Bot":
        return {"login": f"{actor.get('login')}[bot]"}
    return actor


def words(value: str | None) -> str:
    """Write one of GitHub's words in small letters: `CHANGES_REQUESTED` as `changes requested`."""
    return value.replace("_", " ").lower() if value else ""
