"""What a server's bundle and its entry for the MCP registry say is what the server is."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from agent_vendors import load
from fixtures.servers import settings_of
from service_kit.settings import load as load_settings
from service_kit.settings import variables

CHECKOUT = Path(__file__).parents[3]
FOLDERS = {vendor.name: CHECKOUT / "mcp-servers" / vendor.name for vendor in load()}
BUNDLED = [vendor for vendor in load() if (FOLDERS[vendor.name] / "mcpb").is_dir()]


@pytest.mark.parametrize("vendor", BUNDLED, ids=lambda vendor: vendor.name)
def test_manifest_and_entry_name_the_servers_settings(vendor: Any) -> None:
    """Version, variables and defaults are the server's; the token is asked for as a secret."""
    folder = FOLDERS[vendor.name]
    version = tomllib.loads((folder / "pyproject.toml").read_text())["project"]["version"]
    manifest = json.loads((folder / "mcpb" / "manifest.json").read_text())
    entry = json.loads((folder / "server.json").read_text())
    (package,) = entry["packages"]
    assert {manifest["version"], entry["version"], package["version"]} == {version}
    assert f"/v{version}/{vendor.mcp}.mcpb" in package["identifier"]
    env = manifest["server"]["mcp_config"]["env"]
    asked = {name: manifest["user_config"][text[len("${user_config.") : -1]] for name, text in env.items()}
    listed = {one["name"]: one for one in package["environmentVariables"]}
    assert set(asked) == set(listed)
    fields = settings_of(vendor).model_fields
    known = {variable: field for name, field in fields.items() for variable in variables(name, field)}
    for name, config in asked.items():
        secret = name == f"{vendor.prefix}TOKEN"
        assert config.get("sensitive", False) == config["required"] == listed[name].get("isSecret", False) == secret
        if not secret and name != f"{vendor.prefix}TOOLSETS":
            assert config["default"] == known[name].default
        assert listed[name].get("default", "") == str(config.get("default", "")).replace("False", "false")
    load_settings(settings_of(vendor), {name: str(config.get("default", "x")) for name, config in asked.items()})
