"""Alerts and advisories as JSON, in GitHub's shapes."""

from typing import Any

from stand_ins.github.records import Repository
from stand_ins.github.security_records import Advisory, Alert, CodeAlert, DependencyAlert, Location, SecretAlert
from stand_ins.github.shapes.account import simple_user, stamp
from stand_ins.github.shapes.repository import api_url, web_url


def _addresses(alert: Alert, kind: str, repository: Repository, base: str) -> dict[str, Any]:
    return {
        "number": alert.number,
        "created_at": stamp(alert.at),
        "updated_at": stamp(alert.closed_at or alert.at),
        "url": f"{api_url(repository, base)}/{kind}/alerts/{alert.number}",
        "html_url": f"{web_url(repository, base)}/security/{kind}/{alert.number}",
        "state": alert.state,
    }


def _dismissal(alert: Alert, base: str) -> dict[str, Any]:
    return {
        "fixed_at": None,
        "dismissed_at": stamp(alert.closed_at),
        "dismissed_by": simple_user(alert.closed_by, base) if alert.closed_by else None,
        "dismissed_reason": alert.reason,
        "dismissed_comment": alert.comment,
    }


def code_alert_json(alert: CodeAlert, repository: Repository, base: str, *, whole: bool = False) -> dict[str, Any]:
    """Describe a code scanning alert, in a list or (whole) with the help of its rule."""
    shape = _addresses(alert, "code-scanning", repository, base) | _dismissal(alert, base)
    more = {"full_description": alert.description, "help": alert.help, "help_uri": None} if whole else {}
    return shape | {
        "instances_url": f"{shape['url']}/instances",
        "rule": {
            "id": alert.rule,
            "name": alert.rule,
            "severity": "warning",
            "security_severity_level": alert.severity,
            "description": alert.description,
            "tags": ["security"],
            **more,
        },
        "tool": {"name": alert.tool, "guid": None, "version": "2.23.0"},
        "most_recent_instance": {
            "ref": alert.ref,
            "analysis_key": ".github/workflows/codeql.yml:analyze",
            "environment": "{}",
            "category": "/language:python",
            "state": alert.state,
            "commit_sha": alert.location.sha,
            "message": {"text": alert.message},
            "location": {
                "path": alert.location.path,
                "start_line": alert.location.line,
                "end_line": alert.location.line,
                "start_column": 5,
                "end_column": 20,
            },
            "classifications": [],
        },
        "assignees": [],
    }


def dependency_alert_json(alert: DependencyAlert, repository: Repository, base: str) -> dict[str, Any]:
    """Describe a Dependabot alert."""
    advisory = alert.advisory
    assert advisory is not None
    package = {"ecosystem": advisory.ecosystem, "name": advisory.package}
    vulnerability = {
        "package": package,
        "severity": advisory.severity,
        "vulnerable_version_range": advisory.vulnerable,
        "first_patched_version": {"identifier": advisory.patched} if advisory.patched else None,
    }
    return (
        _addresses(alert, "dependabot", repository, base)
        | _dismissal(alert, base)
        | {
            "auto_dismissed_at": None,
            "dependency": {
                "package": package,
                "manifest_path": alert.manifest,
                "scope": "runtime",
                "relationship": "direct",
            },
            "security_advisory": {
                "ghsa_id": advisory.ghsa_id,
                "cve_id": advisory.cve_id,
                "summary": advisory.summary,
                "description": advisory.description,
                "vulnerabilities": [vulnerability],
                "severity": advisory.severity,
                "cvss": {"score": 7.5, "vector_string": None},
                "cwes": [{"cwe_id": "CWE-400", "name": "Uncontrolled Resource Consumption"}],
                "identifiers": _identifiers(advisory),
                "references": [{"url": f"{base}/advisories/{advisory.ghsa_id}"}],
                "published_at": stamp(advisory.at),
                "updated_at": stamp(advisory.at),
                "withdrawn_at": None,
            },
            "security_vulnerability": vulnerability,
            "assignees": [],
        }
    )


def secret_alert_json(alert: SecretAlert, repository: Repository, base: str, *, hidden: bool) -> dict[str, Any]:
    """Describe a secret scanning alert; where it is hidden, GitHub's word stands in the secret's place."""
    shape = _addresses(alert, "secret-scanning", repository, base)
    return shape | {
        "locations_url": f"{shape['url']}/locations",
        "resolution": alert.reason,
        "resolved_at": stamp(alert.closed_at),
        "resolved_by": simple_user(alert.closed_by, base) if alert.closed_by else None,
        "resolution_comment": alert.comment,
        "secret_type": alert.type,
        "secret_type_display_name": alert.type_name,
        "secret": "*****" if hidden else alert.secret,
        "validity": alert.validity,
        "publicly_leaked": False,
        "multi_repo": False,
        "push_protection_bypassed": False,
        "push_protection_bypassed_by": None,
        "push_protection_bypassed_at": None,
        "is_base64_encoded": False,
        "first_location_detected": location_json(alert.locations[0], repository, base)["details"],
        "has_more_locations": len(alert.locations) > 1,
    }


def location_json(location: Location, repository: Repository, base: str) -> dict[str, Any]:
    """Describe where a secret was found: in a commit, or in the text of an issue."""
    url = api_url(repository, base)
    if location.issue:
        return {"type": "issue_body", "details": {"issue_body_url": f"{url}/issues/{location.issue}"}}
    details = {
        "path": location.path,
        "start_line": location.line,
        "end_line": location.line,
        "start_column": 1,
        "end_column": 40,
        "blob_sha": location.sha,
        "blob_url": f"{url}/git/blobs/{location.sha}",
        "commit_sha": location.sha,
        "commit_url": f"{url}/git/commits/{location.sha}",
    }
    return {"type": "commit", "details": details}


def global_advisory_json(advisory: Advisory, base: str) -> dict[str, Any]:
    """Describe an advisory of GitHub's database."""
    return _advisory(advisory, f"{base}/advisories/{advisory.ghsa_id}", advisory.patched, "first_patched_version") | {
        "html_url": f"{base}/advisories/{advisory.ghsa_id}",
        "repository_advisory_url": None,
        "type": "reviewed",
        "source_code_location": None,
        "references": [],
        "github_reviewed_at": stamp(advisory.at),
        "nvd_published_at": None,
        "credits": [],
    }


def repository_advisory_json(advisory: Advisory, repository: Repository, base: str) -> dict[str, Any]:
    """Describe a repository's own advisory."""
    url = f"{api_url(repository, base)}/security-advisories/{advisory.ghsa_id}"
    published = advisory.state == "published"
    return _advisory(advisory, url, advisory.patched, "patched_versions") | {
        "html_url": f"{web_url(repository, base)}/security/advisories/{advisory.ghsa_id}",
        "author": simple_user(advisory.author, base),
        "publisher": simple_user(advisory.author, base) if published else None,
        "state": advisory.state,
        "created_at": stamp(advisory.at),
        "published_at": stamp(advisory.at) if published else None,
        "closed_at": None,
        "submission": None,
        "cwe_ids": ["CWE-400"],
        "credits": [],
        "credits_detailed": [],
        "collaborating_users": [],
        "collaborating_teams": [],
        "private_fork": None,
    }


def _advisory(advisory: Advisory, url: str, patched: str | None, patched_field: str) -> dict[str, Any]:
    return {
        "ghsa_id": advisory.ghsa_id,
        "cve_id": advisory.cve_id,
        "url": url,
        "summary": advisory.summary,
        "description": advisory.description,
        "severity": advisory.severity,
        "identifiers": _identifiers(advisory),
        "published_at": stamp(advisory.at),
        "updated_at": stamp(advisory.at),
        "withdrawn_at": stamp(advisory.withdrawn_at) if advisory.withdrawn_at else None,
        "vulnerabilities": [
            {
                "package": {"ecosystem": advisory.ecosystem, "name": advisory.package},
                "vulnerable_version_range": advisory.vulnerable,
                patched_field: patched,
                "vulnerable_functions": [],
            }
        ],
        "cvss": {"vector_string": None, "score": None},
        "cwes": [{"cwe_id": "CWE-400", "name": "Uncontrolled Resource Consumption"}],
    }


def _identifiers(advisory: Advisory) -> list[dict[str, str]]:
    named = [("GHSA", advisory.ghsa_id), *([("CVE", advisory.cve_id)] if advisory.cve_id else [])]
    return [{"type": kind, "value": value} for kind, value in named]
