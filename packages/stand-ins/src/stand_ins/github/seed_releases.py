"""Adds the releases and deployments of seed_releases.yaml to a world that seed.yaml has filled."""

import functools
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Literal

import yaml
from pydantic import AwareDatetime, BaseModel, ConfigDict

from stand_ins.github.records import Repository
from stand_ins.github.release_records import Asset, Deployment, DeploymentStatus, Release
from stand_ins.github.world import World


class _Described(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DescribedAsset(_Described):
    """A file of a release."""

    name: str
    size: int
    downloads: int = 0


class DescribedRelease(_Described):
    """A release of a tag that the repository has."""

    tag: str
    name: str
    user: str
    at: AwareDatetime
    prerelease: bool = False
    body: str
    assets: list[DescribedAsset] = []


class DescribedStatus(_Described):
    """A state that a deployment reached."""

    state: Literal["error", "failure", "inactive", "pending", "success", "queued", "in_progress"]
    at: AwareDatetime
    description: str = ""
    log_url: str = ""


class DescribedDeployment(_Described):
    """A deployment of a tag or branch, with its statuses, the oldest first."""

    ref: str
    environment: str
    user: str
    at: AwareDatetime
    description: str | None = None
    statuses: list[DescribedStatus] = []


class DescribedReleases(_Described):
    """What is added to one repository."""

    repository: str
    releases: list[DescribedRelease] = []
    deployments: list[DescribedDeployment] = []


@functools.cache
def _shipped() -> tuple[DescribedReleases, ...]:
    text = (files("stand_ins.github") / "seed_releases.yaml").read_text(encoding="utf-8")
    read: Mapping[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)
    return tuple(DescribedReleases.model_validate(one) for one in read["repositories"])


def add_shipped(world: World) -> None:
    """Add the releases and deployments that the stand-in starts with."""
    for described in _shipped():
        repository = world.named(described.repository)
        for release in described.releases:
            _add_release(world, repository, release)
        for deployment in described.deployments:
            _add_deployment(world, repository, deployment)


def _add_release(world: World, repository: Repository, described: DescribedRelease) -> None:
    author, history = world.user(described.user), repository.history
    repository.releases.append(
        Release(
            id=world.next_id(),
            tag=described.tag,
            target=repository.default_branch,
            author=author,
            created_at=history.commits[history.tags[described.tag]].at,
            name=described.name,
            body=described.body,
            prerelease=described.prerelease,
            published_at=described.at,
            assets=[
                Asset(world.next_id(), one.name, one.size, one.downloads, author, described.at)
                for one in described.assets
            ],
        )
    )


def _add_deployment(world: World, repository: Repository, described: DescribedDeployment) -> None:
    creator, commit = world.user(described.user), repository.history.find(described.ref)
    if commit is None:
        raise ValueError(f"{repository.full_name} has no ref {described.ref}")
    repository.deployments.append(
        Deployment(
            id=world.next_id(),
            ref=described.ref,
            sha=commit.sha,
            environment=described.environment,
            creator=creator,
            at=described.at,
            description=described.description,
            statuses=[
                DeploymentStatus(world.next_id(), one.state, creator, one.at, one.description, one.log_url)
                for one in described.statuses
            ],
        )
    )
