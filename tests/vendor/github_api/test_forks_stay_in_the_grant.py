"""A fork is a repository more: it goes out as a proposal, and only where the grant has its name too."""

from dataclasses import replace
from typing import Any

import agent_effects
import asyncpg
import pytest
from agent_contracts import Grant
from fixtures.gateway import running_task
from stand_ins.github.accounts import Role
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


PULL = {"title": "From a fork", "head": "octo-org:topic", "base": "main"}


def branch_of_a_fork(api: House, *, is_fork: bool = True) -> None:
    """Make octo-org/hello-world with a branch `topic` that has a commit more; a fork of octocat/hello-world or not."""
    world, parent = api.app.stand_in.world, hello(api)
    made = world.add_repository("octo-org/hello-world", private=False, description="A fork")
    made.parent, made.default_branch = parent if is_fork else None, "main"
    past = parent.history
    made.history = replace(past, commits={**past.commits}, branches={**past.branches}, tags={**past.tags})
    made.roles["agent-bot"] = Role.write
    files = past.commits[past.branches["main"]].files | {"new.txt": b"new\n"}
    at, parents = past.commits[past.branches["main"]].at, [past.branches["main"]]
    made.history.add("topic", message="Add it", author=world.user("octo-org"), at=at, files=files, parents=parents)


@pytest.mark.parametrize(
    ("granted", "is_fork", "head", "status", "says"),
    [
        ([REPOSITORY, "octo-org/hello-world"], True, "octo-org:topic", 201, '"octo-org:topic"'),
        ([REPOSITORY, "octo-org/*"], True, "OCTO-ORG:topic", 201, '"octo-org:topic"'),
        (
            [REPOSITORY],
            True,
            "octo-org:topic",
            403,
            "'octo-org/hello-world' is not among the repositories of the grant",
        ),
        ([REPOSITORY, "octo-org/hello"], True, "octo-org:topic", 403, "is not among the repositories of the grant"),
        ([REPOSITORY, "octo-org/*"], False, "octo-org:topic", 400, "octo-org/hello-world is no fork of"),
    ],
)
async def test_a_pull_request_from_a_fork_needs_both(
    api: House, pool: asyncpg.Pool, granted: list[str], is_fork: bool, head: str, status: int, says: str
) -> None:
    """The fork's name must be granted, and GitHub must take the owner for that fork's, or nothing is written."""
    branch_of_a_fork(api, is_fork=is_fork)
    grant = Grant(tools=["create_pull_request"], resources={"repositories": granted}, mode="write")
    task, attempt = await running_task(pool)
    token = api.token(grant, task=task, attempt=attempt)
    body = {**PULL, "head": head}
    reply = await api.ask("POST", f"{HELLO}/pulls", token=token, tool="create_pull_request", body=body)
    assert (reply.status_code, says in reply.text) == (status, True), reply.text
    assert (8 in hello(api).issues) is (status == 201)


async def test_a_lost_pull_request_from_a_fork_is_found(api: House, pool: asyncpg.Pool) -> None:
    """A repeat is answered with the one that was opened."""
    branch_of_a_fork(api)
    grant = Grant(
        tools=["create_pull_request"], resources={"repositories": [REPOSITORY, "octo-org/hello-world"]}, mode="write"
    )
    task, attempt = await running_task(pool)
    token = api.token(grant, task=task, attempt=attempt)
    api.fault("apply_then_drop", method="POST")
    for _ in range(2):
        reply = await api.ask("POST", f"{HELLO}/pulls", token=token, tool="create_pull_request", body=PULL)
        assert (reply.status_code, reply.json()["head"]["repo"]["full_name"]) == (201, "octo-org/hello-world")
    assert 9 not in hello(api).issues


async def test_an_approver_sees_what_a_fork_brings(api: House, pool: asyncpg.Pool) -> None:
    """The commits and files of a proposed pull request are those of the fork's branch."""
    branch_of_a_fork(api)
    grant = Grant(
        tools=["create_pull_request"], resources={"repositories": [REPOSITORY, "octo-org/hello-world"]}, mode="propose"
    )
    task, attempt = await running_task(pool)
    token = api.token(grant, task=task, attempt=attempt)
    reply = await api.ask("POST", f"{HELLO}/pulls", token=token, tool="create_pull_request", body=PULL)
    assert reply.status_code == 202, reply.text
    (waiting,) = await agent_effects.proposals(pool)
    assert "new.txt" in waiting.shown


@pytest.mark.parametrize(
    ("granted", "method", "path", "body", "status"),
    [
        ([REPOSITORY], "PUT", "/update-branch", {}, 403),
        ([REPOSITORY], "PATCH", "", {"maintainer_can_modify": True}, 403),
        ([REPOSITORY], "PATCH", "", {"title": "Better"}, 200),
        ([REPOSITORY, "octo-org/hello-world"], "PATCH", "", {"maintainer_can_modify": True}, 200),
    ],
)
async def test_what_is_written_to_a_fork_needs_its_grant(
    api: House, pool: asyncpg.Pool, granted: list[str], method: str, path: str, body: dict[str, Any], status: int
) -> None:
    """A pull request of the grant may have its branch elsewhere: commits to it, and who may push, are the fork's."""
    branch_of_a_fork(api)
    both = [REPOSITORY, "octo-org/hello-world"]
    task, attempt = await running_task(pool)
    for named, tool, sent, at, asked in (
        (both, "create_pull_request", "POST", "/pulls", PULL),
        (granted, "update_pull_request_branch" if path else "update_pull_request", method, f"/pulls/8{path}", body),
    ):
        token = api.token(
            Grant(tools=[tool], resources={"repositories": named}, mode="write"), task=task, attempt=attempt
        )
        reply = await api.ask(sent, f"{HELLO}{at}", token=token, tool=tool, body=asked)
    assert reply.status_code == status, reply.text


async def test_a_name_that_is_taken_is_refused(api: House) -> None:
    """GitHub would give the fork a name that is not granted; that a name is taken is told to its own grant alone."""
    api.app.stand_in.world.user("octocat").is_organization = True
    api.app.stand_in.world.add_repository("octocat/hello-house")
    for name, reason in (("hello-house", "body"), ("secret-plans", "resource")):
        asked = {"organization": "octocat", "name": name}
        reply = await api.ask("POST", f"{HELLO}/forks", service="mover", tool="fork_repository", body=asked)
        assert reply.json()["reason"] == reason, reply.text
    assert [one for one in api.app.stand_in.world.repositories.values() if one.parent] == []
