"""What can be set for `make up` can be set under compose too."""

import re

import pytest
import yaml
from agent_vendors import load
from house.option_check import settings_of
from house.options import Options
from house.paths import ROOT, HousePaths
from house.processes import options_of, processes

VENDORS = load()

OPTIONS = options_of(VENDORS)
COMPOSE = "".join((ROOT / f"docker-compose.{name}.yml").read_text() for name in ("mcp", "agent"))
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


@pytest.mark.parametrize("name", ["TENANT_RATE_PER_SECOND", "TENANT_RATE_BURST", "TRUSTED_PROXIES"])
def test_what_each_process_reads_reaches_each_that_reads_it(name: str) -> None:
    """What bounds a tenant everywhere, and which proxies count, is set once for all processes that read it."""
    classes = settings_of(VENDORS)
    reading = {process for process in OPTIONS if name.lower() in classes[process]().model_fields}
    assert {process for process, names in OPTIONS.items() if name in names} == reading


def test_what_is_to_be_set_is_in_the_example() -> None:
    """.env.example has a line for each credential, and nothing else is wanted of the operator."""
    example = (ROOT / ".env.example").read_text().splitlines()
    assert [vendor.credential for vendor in VENDORS if f"{vendor.credential}=" not in example] == []
    assert ":?set it in .env" not in COMPOSE


REAL = {"MODEL": "real", **{vendor.variable: "real" for vendor in VENDORS}}
CREDENTIALS = {"ANTHROPIC_AUTH_TOKEN": "x", **{vendor.credential: "x" for vendor in VENDORS}}
EXAMPLE = [
    (name, told[1] if (told := re.search(r"`make`: (\w+)", part)) else name)
    for part in (ROOT / ".env.example").read_text().split("\n\n")
    for name in re.findall(r"^(?:# )?([A-Z][A-Z_]+)=", part, re.MULTILINE)
    if name != "COMPOSE_PROFILES"  # of vendors, which no process but the listed ones has
    and not any(name in vendor.app_variables for vendor in VENDORS)  # they go together, and without a token
]


@pytest.mark.parametrize(("compose", "make"), EXAMPLE)
def test_make_reads_what_the_example_says(paths: HousePaths, compose: str, make: str) -> None:
    """Each variable of .env.example is compose's, and changes a house under no name but the one it gives for `make`."""

    def given(**more: str) -> list[dict[str, str]]:
        environ = REAL | CREDENTIALS | more
        return [process.env for process in processes(paths, Options.from_environment(environ), environ)]

    assert f"${{{compose}:" in COMPOSE
    value = "http" if make == "TRANSPORT" else "7"
    assert given(**{make: value}) != given()
    assert compose == make or given(**{compose: value}) == given()
