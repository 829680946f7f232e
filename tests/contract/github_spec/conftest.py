"""A stand-in GitHub under the eye of GitHub's own description."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fixtures.github_spec import SpecChecker
from fixtures.openapi import GitHubSpec
from stand_ins.github.app import StandInApp, build

TOKEN = "a-token"


@pytest.fixture
def github() -> StandInApp:
    """A fresh stand-in."""
    return build(tokens={TOKEN: "agent-bot"})


@pytest.fixture
def checker(github: StandInApp, github_spec: GitHubSpec) -> SpecChecker:
    """The stand-in with the judge around it."""
    return SpecChecker(github, github_spec)


@pytest.fixture
async def client(checker: SpecChecker) -> AsyncIterator[httpx.AsyncClient]:
    """A client with the stand-in's token."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Accept": "application/vnd.github+json"}
    transport = httpx.ASGITransport(checker)
    async with httpx.AsyncClient(transport=transport, base_url="http://github.test", headers=headers) as made:
        yield made
