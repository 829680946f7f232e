"""GitHub's own OpenAPI description, and where the API goes beyond it."""

import re
from collections.abc import Mapping
from typing import Any

from stand_ins.kit.openapi import Description

# What GitHub answers on any path, declared or not: errors of credentials, limits, form and its own.
ANYWHERE = dict.fromkeys((400, 401, 403, 404, 410, 429), "basic-error") | {422: "validation-error"}
# Places where the description is narrower than the API itself, each checked against GitHub's own documentation.
REFS = ("/{basehead}", "/git/ref/{ref}", "/git/refs/{ref}", "/{tree_sha}")
"""The ends of paths that hold a ref, whose slashes may stand as they are."""
NULL_TOO = (
    ("issue-search-result-item", "body"),  # a hit without a text has body null, as the issue itself
    ("pull-request-simple", "labels", "items", "description"),  # as the label itself
)
EMPTY_TOO = ("target_url", "environment_url", "log_url")
"""Addresses of a deployment's status that are empty by the description's own default, which is no address."""


class GitHubDescription(Description):
    """`api.github.com.json` of the npm package @octokit/openapi."""

    def mend(self, document: dict[str, Any]) -> None:
        """Let null and empty texts in where the API gives them, and what fits two schemas that overlap."""
        conflict = document["paths"]["/repos/{owner}/{repo}/contents/{path}"]["put"]["responses"]["409"]
        schema = conflict["content"]["application/json"]["schema"]
        schema["anyOf"] = schema.pop("oneOf")
        item = document["components"]["schemas"]["projects-v2-item-simple"]["properties"]["content"]
        item["anyOf"] = item.pop("oneOf")  # an issue has all that a draft must have
        for name in EMPTY_TOO:
            del document["components"]["schemas"]["deployment-status"]["properties"][name]["format"]
        for name, *rest in NULL_TOO:
            node = document["components"]["schemas"][name]["properties"]
            for part in rest[:-1]:
                node = node[part]
            node = node.get("properties", node)
            node[rest[-1]]["nullable"] = True

    def canonical(self, path: str) -> str:
        """Count `/repositories/{id}/...` as `/repos/o/r/...`."""
        return re.sub(r"^/repositories/\d+", "/repos/o/r", path)

    def pattern(self, template: str) -> re.Pattern[str]:
        """Read a template; a file's path and a ref may hold slashes, and the path may be empty."""
        if template.endswith(REFS):
            return re.compile(rf"{super().pattern(template.rpartition('/')[0]).pattern}/.+")
        if not template.endswith("/contents/{path}"):
            return super().pattern(template)
        folder = super().pattern(template.removesuffix("/{path}")).pattern
        return re.compile(f"{folder}(?:/.*)?")

    def error_schema(self, status: int) -> str | None:
        """Name the schema of GitHub's errors."""
        return ANYWHERE.get(status)

    def media_type(self, headers: Mapping[str, str]) -> str:
        """Tell a folder as an object from a folder as a list."""
        as_object = "param=object" in headers.get("x-github-media-type", "")
        return "application/vnd.github.object" if as_object else super().media_type(headers)

    def undescribed(self, media: str, status: int) -> bool:
        """Let in what the Accept header can ask for: diffs, raw files."""
        return media.startswith("application/vnd.github.") and status == 200
