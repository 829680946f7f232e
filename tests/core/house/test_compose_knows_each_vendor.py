"""The compose files have each vendor's gateway, server and URL for workers; .env.example names its credential."""

import re

import pytest
import yaml
from agent_vendors import Vendor, load
from house.paths import ROOT

VENDORS = load()

TEXTS = {name: (ROOT / f"docker-compose.{name}.yml").read_text() for name in ("mcp", "agent")}
SERVICES = yaml.safe_load(TEXTS["mcp"])["services"]
WORKER = yaml.safe_load(TEXTS["agent"])["services"]["worker"]


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
def test_each_vendor_is_served_and_reached(vendor: Vendor) -> None:
    """Gateway and server are services, with credential and ports; the worker waits for the server, and has its URL."""
    gateway = SERVICES[vendor.api]["environment"]
    assert gateway["PORT"] == vendor.api_port
    assert gateway[f"{vendor.prefix}UPSTREAM_URL"] == f"${{{vendor.prefix}UPSTREAM_URL:-{vendor.upstream}}}"
    assert gateway[f"{vendor.prefix}UPSTREAM_TOKEN"] == f"${{{vendor.credential}:-}}"
    assert SERVICES[vendor.mcp]["environment"]["PORT"] == vendor.mcp_port
    assert SERVICES[vendor.mcp]["environment"][f"{vendor.prefix}API_URL"] == f"http://{vendor.api}:{vendor.api_port}"
    assert vendor.api in SERVICES[vendor.mcp]["depends_on"]
    assert WORKER["environment"][vendor.mcp_url_variable] == f"http://{vendor.mcp}:{vendor.mcp_port}"
    assert (
        WORKER["environment"]["VENDORS"]
        == f"${{VENDORS:-${{COMPOSE_PROFILES:-{','.join(one.name for one in VENDORS)}}}}}"
    )
    assert WORKER["depends_on"][vendor.mcp] == {"condition": "service_healthy", "required": False}


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
def test_a_vendor_that_is_not_chosen_wants_nothing(vendor: Vendor) -> None:
    """Its services start by its profile alone, and no variable of its own has to be set for the others' sake."""
    assert SERVICES[vendor.api]["profiles"] == SERVICES[vendor.mcp]["profiles"] == [vendor.name]
    own = re.findall(r"\$\{(\w+):\?set it", "".join(TEXTS.values()))
    assert [name for name in own if name.startswith(vendor.prefix)] == []


def test_what_is_to_be_set_is_in_the_example() -> None:
    """.env.example has a line for each credential, and names the vendors whose services start."""
    example = (ROOT / ".env.example").read_text().splitlines()
    assert [vendor.credential for vendor in VENDORS if f"{vendor.credential}=" not in example] == []
    assert f"COMPOSE_PROFILES={','.join(vendor.name for vendor in VENDORS)}" in example
