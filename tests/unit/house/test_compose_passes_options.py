"""What can be set for `make up` can be set under compose too."""

import pytest
import yaml
from house.place import ROOT
from house.processes import OPTIONS
from house.vendors import VENDORS

MOUNTED = {"SKILLS_PATH", "CLAUDE_CLI", *(f"{vendor.prefix}UPSTREAM_TOKENS_FILE" for vendor in VENDORS)}
"""They name files, which a container has only where an override file mounts them."""


@pytest.mark.parametrize("process", OPTIONS)
def test_compose_passes_each_option(process: str) -> None:
    """Each variable reaches its service; one that is not set is empty, which stands for its default."""
    files = [yaml.safe_load((ROOT / f"docker-compose.{name}.yml").read_text()) for name in ("mcp", "agent")]
    services = {name: service for file in files for name, service in file["services"].items()}
    passed = services.get(process, {}).get("environment", {})
    lines = {name: f"${{{name}:-}}" for name in OPTIONS[process] if name not in MOUNTED}
    lacking = [f"{name}: {line}" for name, line in lines.items() if passed.get(name) != line]
    assert not lacking, f"add to {process} in docker-compose.*.yml, or to MOUNTED what names a file: {lacking}"
