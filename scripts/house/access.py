"""Writes the first `access.yaml`, `triggers.yaml` and `proposals.yaml`: they say how to open and decide more."""

import json
from collections.abc import Mapping
from pathlib import Path

import yaml
from service_kit.access import AccessFile
from service_kit.bearer import token_hash, token_owner

from house.paths import HousePaths

ACCESS_HEAD = """\
# Who may do what. No entry, no access. What a run may do is what its skill declares, narrowed by its task, by the
# door the task came through, and by its tenant's entry at the gateway. Processes read this file again when it changes.
# docs/access.md shows every entry, people who use MCP servers among them.
# To open another repository, add it to the tenant AND to each door that may ask for it: octocat/other, or octocat/*.
# Tokens are kept as SHA-256 (printf %s TOKEN | sha256sum); two entries in a list let one be replaced without a gap.
"""
TRIGGERS_HEAD = """\
# Which webhook deliveries become tasks. `${...}` inserts a value of the payload as data, never as instructions.
# Try one with `scripts/engine triggers test PAYLOAD.json --event issues`.
"""
POLICY = """\
# Which proposals are decided without a person: the first rule that fits decides, and what no rule names waits.
# docs/proposals.md lists what a rule may name. An example, off:
# rules:
#   - {name: small-comments, tool: add_issue_comment, target: "octocat/*", per_hour: 20, decide: approve}
rules: []
"""


def write_access(
    paths: HousePaths, *, opened: Mapping[str, Mapping[str, list[str]]] | None = None, mode: str = "write"
) -> Path:
    """Write the access file if there is none yet: it opens each kind's example, or what is `opened` by vendor and kind.

    A personal kind has no example in it. `mode` is read, write or propose.
    """
    path = paths.home / "access.yaml"
    if path.exists():
        return path
    bounds = {}
    for vendor in paths.vendors:
        named = (opened or {}).get(vendor.name, {})
        kinds = [kind for kind in vendor.kinds if kind in named or not kind.personal]
        resources = {str(kind): named.get(kind, [kind.example]) for kind in kinds}
        bounds[vendor.name] = {"resources": resources, "mode": mode}
    door = {"tenant": "default", "skills": ["*"], "vendors": bounds, "budget": {"usd": 1.0}}
    access = {
        "tenants": {"default": {"vendors": bounds}},
        "streams": {"agent:tasks": door},
        "webhooks": {vendor.webhook_source: door for vendor in paths.vendors if vendor.webhook_source},
        "http": {
            "local": {
                **door,
                "actor": {"kind": "person", "id": "local"},
                "token_sha256": [token_hash(paths.secret("control.door"))],
            }
        },
        "cli": {**door, "actor": {"kind": "person", "id": "operator"}, "approves": ["*"]},
        "services": {
            vendor.mcp: {"token_sha256": [token_hash(paths.secret(vendor.service_secret))]}
            for vendor in paths.vendors
            if vendor.has_gateway
        },
    }
    path.write_text(ACCESS_HEAD + _plain(access))
    return path


def unknown_tokens(paths: HousePaths) -> list[str]:
    """Return, as sentences, which of the house's tokens its access file does not know, and how to add each.

    The door `local` may be closed by taking its entry out; then its token need not be known.

    Raises:
        ConfigError: the access file or a token cannot be used.
    """
    path = paths.home / "access.yaml"
    access = AccessFile(path).current()
    doors = {name: door.token_sha256 for name, door in access.http.items()}
    services = {name: service.token_sha256 for name, service in access.services.items()}
    tokens = [(one.service_secret, f"services.{one.mcp}", services) for one in paths.vendors if one.has_gateway]
    if "local" in doors:
        tokens.append(("control.door", "http.local", doors))
    return [
        f"{path} does not know the token in {paths.home}/secrets/{name}: put that file back, or add "
        f"{token_hash(paths.secret(name))} to token_sha256 of {entry}"
        for name, entry, known in tokens
        if token_owner(paths.secret(name), known) is None
    ]


def write_triggers(paths: HousePaths, *, fire: bool = True) -> Path:
    """Write the triggers file if there is none yet: with each vendor's first trigger, or, not to fire, with none."""
    path = paths.home / "triggers.yaml"
    if not path.exists():
        triggers = [vendor.first_trigger for vendor in paths.vendors if vendor.first_trigger and fire]
        path.write_text(TRIGGERS_HEAD + _plain({"triggers": triggers}))
    return path


def write_policy(paths: HousePaths) -> Path:
    """Write the policy on proposals if there is none yet: a person decides all."""
    path = paths.home / "proposals.yaml"
    if not path.exists():
        path.write_text(POLICY)
    return path


def _plain(document: object) -> str:
    """Return YAML that people can edit: what several entries share is written out in each, without an anchor."""
    return yaml.safe_dump(json.loads(json.dumps(document)), sort_keys=False, width=110)
