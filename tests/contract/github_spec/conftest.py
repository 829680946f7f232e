"""A stand-in GitHub under the eye of GitHub's own description."""

from collections.abc import AsyncIterator

import httpx
import pytest
from stand_ins.github.app import StandInApp, build
from stand_ins.github.description import GitHubDescription
from stand_ins.kit.exchange_checker import ExchangeChecker

TOKEN = "a-token"


@pytest.fixture
def checker(github_spec: GitHubDescription) -> ExchangeChecker:
    """The judge."""
    return ExchangeChecker(github_spec)


@pytest.fixture
def github(checker: ExchangeChecker) -> StandInApp:
    """A fresh stand-in whose exchanges the judge sees."""
    return build(tokens={TOKEN: "agent-bot"}, watch=checker)


@pytest.fixture
async def client(github: StandInApp) -> AsyncIterator[httpx.AsyncClient]:
    """A client with the stand-in's token."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Accept": "application/vnd.github+json"}
    transport = httpx.ASGITransport(github)
    async with httpx.AsyncClient(transport=transport, base_url="http://github.test", headers=headers) as made:
        yield made
