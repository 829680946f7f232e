"""A fork is a repository more: it goes out as a proposal, and only where the grant has its name too."""

import asyncpg
import pytest
from agent_contracts import Grant
from fixtures.gateway import running_task
from vendor.github_api.house import HELLO, REPOSITORY, House, hello

FORK = "octo-org/hello"


@pytest.mark.parametrize(
    ("granted", "body", "status"),
    [
        ([REPOSITORY, FORK], {"organization": "octo-org", "name": "hello"}, 202),
        ([REPOSITORY, "octo-org/*"], {"organization": "octo-org"}, 202),
        ([REPOSITORY], {"organization": "octo-org", "name": "hello"}, 403),
        ([REPOSITORY, FORK], {"organization": "octo-org", "name": "other"}, 403),
        ([REPOSITORY, FORK], {}, 403),
        ([FORK], {"organization": "octo-org", "name": "hello"}, 403),
    ],
)
async def test_both_repositories_are_granted(
    api: House, pool: asyncpg.Pool, granted: list[str], body: dict[str, str], status: int
) -> None:
    """What is forked and the fork are of the grant; without an organization the fork would be our own account's."""
    grant = Grant(tools=["fork_repository"], resources={"repositories": granted}, mode="write")
    task, attempt = await running_task(pool)
    token = api.token(grant, task=task, attempt=attempt)
    reply = await api.ask("POST", f"{HELLO}/forks", token=token, tool="fork_repository", body=body)
    assert reply.status_code == status, reply.text
    assert api.app.stand_in.world.find("octo-org", "hello") is None
    assert hello(api).parent is None


async def test_a_lost_fork_is_found(api: House, pool: asyncpg.Pool) -> None:
    """A service that may use both makes the fork at once; where the reply is lost, it is found by its name."""
    api.app.stand_in.world.user("octocat").is_organization = True
    body = {"organization": "octocat", "name": "hello-house"}
    api.fault("apply_then_drop", method="POST")
    for _ in range(2):
        reply = await api.ask("POST", f"{HELLO}/forks", service="mover", tool="fork_repository", body=body)
        assert (reply.status_code, reply.json()["full_name"]) == (202, "octocat/hello-house"), reply.text
        assert reply.headers["x-agent-effect-state"] == "done"


async def test_a_name_that_is_taken_is_refused(api: House) -> None:
    """GitHub would give the fork a name that is not granted; that a name is taken is told to its own grant alone."""
    api.app.stand_in.world.user("octocat").is_organization = True
    api.app.stand_in.world.add_repository("octocat/hello-house")
    for name, reason in (("hello-house", "body"), ("secret-plans", "resource")):
        asked = {"organization": "octocat", "name": name}
        reply = await api.ask("POST", f"{HELLO}/forks", service="mover", tool="fork_repository", body=asked)
        assert reply.json()["reason"] == reason, reply.text
    assert [one for one in api.app.stand_in.world.repositories.values() if one.parent] == []
