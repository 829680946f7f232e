"""scripts/generate.py: what it makes of a vendor's record, and what it says of a record without packages."""

from dataclasses import replace

import compose_parts
import generate
import pytest
import yaml
from agent_vendors import Vendor
from agent_vendors.github import GITHUB
from configuration_page import MissingPackage, rendered

HEAD = """
x-limits: &limits {read_only: true}
x-stores: &stores {DATABASE_URL: one}
x-public: &public [access.yaml]
x-after-stores: &after-stores {migrate: {condition: service_completed_successfully}}
services:
"""
PAGER = replace(
    GITHUB,
    name="pager",
    title="Pager",
    credential="PAGER_KEY",
    mcp_port=9019,
    api_port=None,
    webhook_options=(),
    mcp_options=(),
    app_variables={},
)


@pytest.mark.parametrize(("name", "title"), [("pager", "Pager"), ("github", "Pager")])
def test_a_missing_package_is_named(name: str, title: str) -> None:
    """No package, or no settings of the vendor's title in it: one sentence says of which record what is missing."""
    with pytest.raises(MissingPackage, match=rf"'{name}'.*({name}-api|PagerApiSettings).*make generate"):
        rendered([replace(GITHUB, name=name, title=title)])


def test_each_stale_file_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """With `--check` a stale file is named with the remedy, and nothing is written."""
    monkeypatch.setattr("sys.argv", ["generate.py", "--check"])
    monkeypatch.setattr(generate, "files", lambda: {".env.example": lambda: "another text"})
    assert generate.main() == 1
    assert capsys.readouterr().out == ".env.example is stale: run `make generate`\n"
    assert (generate.ROOT / ".env.example").read_text() != "another text"


@pytest.mark.parametrize(
    ("vendor", "started"), [(GITHUB, ["github-api", "github-mcp"]), (PAGER, ["pager-mcp"])], ids=["gateway", "none"]
)
def test_compose_services_follow_from_a_record(vendor: Vendor, started: list[str]) -> None:
    """A vendor has a server, and a gateway unless the server itself holds the credential."""
    services = yaml.safe_load(HEAD + compose_parts.services([vendor]))["services"]
    assert list(services) == started
    holders = [name for name, service in services.items() if f"${{{vendor.credential}:-" in str(service)]
    assert holders == started[:1]
    assert [service["profiles"] for service in services.values()] == [[vendor.name] for _ in started]
    assert ":?" not in str([services[started[0]]["environment"].get(name) for name in vendor.upstream_settings])


def test_the_example_names_the_holder_of_the_credential() -> None:
    """Without a gateway the credential is the server's; the vendor that is started is chosen by its name."""
    assert compose_parts.credentials([PAGER]).splitlines() == [
        "# The vendors whose servers are started, by comma. `make`: VENDORS",
        "COMPOSE_PROFILES=pager",
        "",
        f"# The real Pager, for pager-mcp alone: {GITHUB.credential_form}.",
        "PAGER_KEY=",
        "# PAGER_API_URL=https://api.github.com",
    ]


def test_a_vendor_may_need_an_address_and_a_name_of_the_operators() -> None:
    """Each further variable is passed to the gateway as its setting, and is asked for in the example."""
    told = {"DESK_SITE": "URL", "DESK_USER": "USERNAME"}
    plain = replace(GITHUB, name="desk", title="Desk", upstream="", app_variables={})
    desk = replace(plain, credential="DESK_KEY", upstream_variables=told)
    services = yaml.safe_load(HEAD + compose_parts.services([desk]))["services"]
    given = {name: value for name, value in services["desk-api"]["environment"].items() if "UPSTREAM_" in name}
    assert given | {"DESK_UPSTREAM_URL": "${DESK_SITE:-}", "DESK_UPSTREAM_USERNAME": "${DESK_USER:-}"} == given
    assert compose_parts.credentials([desk]).splitlines()[-3:] == ["DESK_KEY=", "DESK_USER=", "DESK_SITE="]


def test_an_apps_key_is_mounted_where_it_is_named() -> None:
    """The gateway has the App's variables, and its key as a file at one place; without an App there is nothing."""
    services = yaml.safe_load(HEAD + compose_parts.services([GITHUB]))["services"]
    gateway, server = services["github-api"], services["github-mcp"]
    file = "/etc/agent-bot/github-app.pem"
    assert gateway["environment"]["GITHUB_UPSTREAM_APP_ID"] == "${GITHUB_APP_ID:-}"
    assert gateway["environment"]["GITHUB_UPSTREAM_APP_PRIVATE_KEY_PATH"] == f"${{GITHUB_APP_PRIVATE_KEY_PATH:+{file}}}"
    assert f"${{GITHUB_APP_PRIVATE_KEY_PATH:-/dev/null}}:{file}:ro" in gateway["volumes"]
    assert "APP" not in str(server)
