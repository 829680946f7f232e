"""What the stand-in keeps of releases and deployments: plain records."""

from dataclasses import dataclass, field
from datetime import datetime

from stand_ins.github.accounts import User


@dataclass
class Asset:
    """A file that people download with a release."""

    id: int
    name: str
    size: int
    downloads: int
    uploader: User
    at: datetime


@dataclass
class Release:
    """A release; a draft has no tag of its own until it is published."""

    id: int
    tag: str
    target: str
    author: User
    created_at: datetime
    name: str | None = None
    body: str | None = None
    draft: bool = False
    prerelease: bool = False
    published_at: datetime | None = None
    assets: list[Asset] = field(default_factory=list)


@dataclass
class DeploymentStatus:
    """A state that a deployment reached."""

    id: int
    state: str
    creator: User
    at: datetime
    description: str = ""
    log_url: str = ""


@dataclass
class Deployment:
    """A commit that was sent to an environment, and what became of it; the latest status is the last one."""

    id: int
    ref: str
    sha: str
    environment: str
    creator: User
    at: datetime
    description: str | None = None
    statuses: list[DeploymentStatus] = field(default_factory=list)
