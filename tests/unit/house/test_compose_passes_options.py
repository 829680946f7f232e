"""What can be set for `make up` can be set under compose too."""

import pytest
import yaml
from house.place import ROOT
from house.processes import OPTIONS

MOUNTED = {"SKILLS_PATH", "CLAUDE_CLI", "GITHUB_UPSTREAM_TOKENS_FILE"}
"""They name files, which a container has only where an override file mounts them."""


@pytest.mark.parametrize("process", OPTIONS)
def test_compose_passes_each_option(process: str) -> None:
    """Each variable reaches its service; one that is not set is empty, which stands for its default."""
    files = [yaml.safe_load((ROOT / f"docker-compose.{name}.yml").read_text()) for name in ("mcp", "agent")]
    services = {name: service for file in files for name, service in file["services"].items()}
    passed = services[process]["environment"]
    wanted = set(OPTIONS[process]) - MOUNTED
    assert {name: passed.get(name) for name in wanted} == {name: f"${{{name}:-}}" for name in wanted}
