"""A person has at a server what its tenant's entry allows too, as at the gateway behind it."""

from pathlib import Path

import pytest
from mcp_kit.caller import Callers
from service_kit.access import AccessFile
from service_kit.bearer import new_token, token_hash
from service_kit.grants import Bound

PEOPLE = """\
people:
  ada:
    token_sha256: ["HASH"]
    vendors: {github: {mode: write, resources: {repositories: ["octocat/*"]}}}
"""
TENANT = """\
tenants:
  default:
    vendors: {VENDOR: {mode: read, resources: {repositories: [octocat/hello]}}}
"""


def _bound(folder: Path, file: str) -> Bound:
    token, access = new_token("person"), folder / "access.yaml"
    access.write_text(file.replace("HASH", token_hash(token)))
    found = Callers(vendor="github", verifier=None, access=AccessFile(access)).identify(token).bound
    assert found is not None
    return found


def test_a_person_has_what_the_tenant_allows_too(tmp_path: Path) -> None:
    """The tenant's narrower repositories and mode hold, so that a search asks for what its gateway opens."""
    bound = _bound(tmp_path, PEOPLE + TENANT.replace("VENDOR", "github"))
    assert (bound.resources, bound.mode) == ({"repositories": ["octocat/hello"]}, "read")


@pytest.mark.parametrize("file", [PEOPLE, PEOPLE + TENANT.replace("VENDOR", "jira")])
def test_a_file_without_the_tenants_entry_bounds_nobody(tmp_path: Path, file: str) -> None:
    """A server alone may have a file of people only: they have what their own entries say."""
    bound = _bound(tmp_path, file)
    assert (bound.resources, bound.mode) == ({"repositories": ["octocat/*"]}, "write")
