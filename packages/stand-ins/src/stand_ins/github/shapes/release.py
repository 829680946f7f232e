"""Releases and deployments as JSON."""

from typing import Any
from urllib.parse import quote

from stand_ins.github.history import sha_of
from stand_ins.github.records import Repository
from stand_ins.github.release_records import Asset, Deployment, DeploymentStatus, Release
from stand_ins.github.shapes.account import node_id, simple_user, stamp
from stand_ins.github.shapes.repository import api_url, web_url


def release_json(release: Release, repository: Repository, base: str) -> dict[str, Any]:
    """Describe a release; a draft's page is named by no tag."""
    api, web = api_url(repository, base), web_url(repository, base)
    url = f"{api}/releases/{release.id}"
    page = f"untagged-{sha_of(str(release.id))[:20]}" if release.draft else quote(release.tag)
    tagged = release.tag in repository.history.tags
    return {
        "url": url,
        "assets_url": f"{url}/assets",
        "upload_url": f"{url}/assets{{?name,label}}",
        "html_url": f"{web}/releases/tag/{page}",
        "id": release.id,
        "author": simple_user(release.author, base),
        "node_id": node_id("RE", release.id),
        "tag_name": release.tag,
        "target_commitish": release.target,
        "name": release.name,
        "draft": release.draft,
        "immutable": False,
        "prerelease": release.prerelease,
        "created_at": stamp(release.created_at),
        "updated_at": stamp(release.published_at or release.created_at),
        "published_at": stamp(release.published_at),
        "assets": [_asset(one, release, repository, base) for one in release.assets],
        "tarball_url": f"{api}/tarball/{quote(release.tag)}" if tagged else None,
        "zipball_url": f"{api}/zipball/{quote(release.tag)}" if tagged else None,
        "body": release.body,
    }


def deployment_json(deployment: Deployment, repository: Repository, base: str) -> dict[str, Any]:
    """Describe a deployment, without its statuses."""
    api = api_url(repository, base)
    url = f"{api}/deployments/{deployment.id}"
    latest = deployment.statuses[-1].at if deployment.statuses else deployment.at
    return {
        "url": url,
        "id": deployment.id,
        "node_id": node_id("DE", deployment.id),
        "task": "deploy",
        "original_environment": deployment.environment,
        "environment": deployment.environment,
        "description": deployment.description,
        "created_at": stamp(deployment.at),
        "updated_at": stamp(latest),
        "statuses_url": f"{url}/statuses",
        "repository_url": api,
        "creator": simple_user(deployment.creator, base),
        "sha": deployment.sha,
        "ref": deployment.ref,
        "payload": {},
        "transient_environment": False,
        "production_environment": deployment.environment == "production",
        "performed_via_github_app": None,
    }


def status_json(status: DeploymentStatus, deployment: Deployment, repository: Repository, base: str) -> dict[str, Any]:
    """Describe a status of a deployment."""
    api = api_url(repository, base)
    url = f"{api}/deployments/{deployment.id}"
    return {
        "url": f"{url}/statuses/{status.id}",
        "id": status.id,
        "node_id": node_id("DES", status.id),
        "state": status.state,
        "creator": simple_user(status.creator, base),
        "description": status.description,
        "environment": deployment.environment,
        "target_url": status.log_url,
        "created_at": stamp(status.at),
        "updated_at": stamp(status.at),
        "deployment_url": url,
        "repository_url": api,
        "environment_url": "",
        "log_url": status.log_url,
        "performed_via_github_app": None,
    }


def _asset(asset: Asset, release: Release, repository: Repository, base: str) -> dict[str, Any]:
    web = web_url(repository, base)
    return {
        "url": f"{api_url(repository, base)}/releases/assets/{asset.id}",
        "id": asset.id,
        "node_id": node_id("RA", asset.id),
        "name": asset.name,
        "label": None,
        "uploader": simple_user(asset.uploader, base),
        "content_type": "application/octet-stream",
        "state": "uploaded",
        "size": asset.size,
        "digest": None,
        "download_count": asset.downloads,
        "created_at": stamp(asset.at),
        "updated_at": stamp(asset.at),
        "browser_download_url": f"{web}/releases/download/{quote(release.tag)}/{quote(asset.name)}",
    }
