"""What somebody installs who wants one MCP server alone."""

from importlib.metadata import requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

MOST_DISTRIBUTIONS = 71
"""Ours, and what fastmcp, mcp and the web server need; a new dependency of a kit shows here."""


def test_a_server_alone_installs_only_what_it_needs() -> None:
    """No database, store, process manager, embedded binary or compiled event loop comes with an MCP server."""
    installed = closure("agent-bot-github-mcp")
    assert len(installed) <= MOST_DISTRIBUTIONS, sorted(installed)
    unneeded = {"uvloop", "asyncpg", "redis", "supervisor", "alembic", "anthropic", "agent-bot-stores"}
    assert installed.isdisjoint(unneeded)


def closure(distribution: str) -> set[str]:
    """Return the names of a distribution and of all that it requires here, extras included."""
    found: set[tuple[str, frozenset[str]]] = set()
    left = [(canonicalize_name(distribution), frozenset[str]())]
    while left:
        name, extras = left.pop()
        if (name, extras) in found:
            continue
        found.add((name, extras))
        for requirement in map(Requirement, requires(name) or ()):
            chosen = requirement.marker is None or any(
                requirement.marker.evaluate({"extra": extra}) for extra in (extras or {""})
            )
            if chosen:
                left.append((canonicalize_name(requirement.name), frozenset(requirement.extras)))
    return {name for name, _ in found}
