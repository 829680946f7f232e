"""`access.yaml`: all mistakes are named at once, with lines; a broken change is reported and changes nothing."""

from pathlib import Path

import httpx
import pytest
from fixtures.serving import serving
from prometheus_client import CollectorRegistry
from service_kit.access import AccessFile, read_access
from service_kit.access_lint import unknown_names
from service_kit.errors import ConfigError
from service_kit.health import health_routes
from service_kit.watched import NOT_IN_FORCE
from starlette.applications import Starlette
from structlog.testing import capture_logs

WRONG = """\
tenants:
  default:
    vendors:
      github:
        resourcs: {repositories: [octocat/*]}
        mode: write
streams:
  agent:tasks:
    skills: [triage]
    budget: {usd: -1}
http:
  local:
    approves: [triage]
  local:
    token_sha256:
      - plain
peeple: {}
"""
FOREIGN = """\
tenants:
  default:
    vendors: {github: {}, githib: {}}
    budgets: {skills: {triag: {usd: 1}}}
streams:
  agent:tasks:
    skills:
      - triage
      - triagge
cli:
  tenant: defualt
  skills: ['*']
people:
  ann: {token_sha256: [], vendors: {hub: {}}}
services:
  s: {token_sha256: [], opens: {gitlab: {}}}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is."""
    return tmp_path / "access.yaml"


def refused(path: Path, text: str) -> list[str]:
    """Give the errors of a file."""
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        read_access(path)
    return str(error.value).removeprefix(f"ACCESS_FILE={path}: ").split("; ")


def test_all_errors_are_said_at_once_in_the_files_order(path: Path) -> None:
    """Unknown keys with the nearest known, wrong values and doubled keys, each with its own line."""
    found = refused(path, WRONG)
    assert [text.split(" ")[1] for text in found] == ["5:", "10:", "14:", "16:", "17:"]
    assert found[0] == (
        "line 5: tenants.default.vendors.github.resourcs: this key is not known: did you mean resources?"
    )
    assert found[1].startswith("line 10: streams.agent:tasks.budget.usd: ")
    assert found[2] == "line 14: local: this key is given twice: keep one"
    assert found[3].startswith("line 16: http.local.token_sha256.0: ")
    assert found[4] == "line 17: peeple: this key is not known: did you mean people?"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cli:\n  xyzzy: 1", "line 2: cli.xyzzy: this key is not known: there are tenant, skills"),
        ("cli:\n  budget:\n    dollars: 1", "line 3: cli.budget.dollars: this key is not known"),
        ("services:\n  s: {opens: {}}", "line 2: services.s.token_sha256: Field required"),
        ("x: &a {y: 1}\ncli:\n  <<: *a\n  skils: []", "line 4: cli.skils: this key is not known: did you mean skills?"),
        ("cli: &a\n  skills: *a", "line 2: cli.skills: "),
        ("tenants:\n  A_b: {}", "line 2: tenants.A_b: "),
        ("services:\n  person:ann: {token_sha256: []}", "line 2: services.person:ann: "),
        ("tenants: {}\n1: {}", "line 2: 1: "),
        ("cli: {}\n\tx: 1", "cannot be read: line 2: "),
        ("a: {[1]: 2}", "cannot be read: line 1: "),
        ("a: !!python/object:os.system {}", "cannot be read: line 1: "),
    ],
)
def test_odd_files_are_refused_by_line(path: Path, text: str, expected: str) -> None:
    """Merged, recursive, tagged and mistyped entries get a line, and never a traceback."""
    assert any(expected in error for error in refused(path, text)), refused(path, text)


def test_names_that_nothing_knows_are_warned_of(path: Path) -> None:
    """Vendors, skills and tenants of no meaning here, with lines and the nearest that has one; nothing is refused."""
    path.write_text(FOREIGN)
    found = unknown_names(path, read_access(path), vendors=["github"], skills=["triage"])
    assert found == [
        "line 3: tenants.default.vendors.githib: this vendor is not installed here: did you mean github?",
        "line 4: tenants.default.budgets.skills.triag: no skill here has the name 'triag': did you mean triage?",
        "line 9: streams.agent:tasks.skills.1: no skill here has the name 'triagge': did you mean triage?",
        "line 11: cli.tenant: the tenant 'defualt' has no entry under tenants: did you mean default?",
        "line 14: people.ann.vendors.hub: this vendor is not installed here: did you mean github?",
        "line 16: services.s.opens.gitlab: this vendor is not installed here: did you mean github?",
    ]


async def test_a_broken_change_is_told_and_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last good state stays in force; /ready stays 200 and warns until the file is good again; the log says why."""
    monkeypatch.setattr("service_kit.watched.LOOK_EVERY_SECONDS", 0.0)
    path.write_text("streams: {one: {}}")
    access = AccessFile(path)
    routes = health_routes(
        service="s", version="1", checks={}, registry=CollectorRegistry(), warnings={"access.yaml": access.fault}
    )
    async with serving(Starlette(routes=list(routes))) as url, httpx.AsyncClient(verify=False, base_url=url) as http:
        assert "warnings" not in (await http.get("/ready")).json()
        path.write_text("streams: {one: {}, two: {skils: []}}")
        with capture_logs() as lines:
            told = [await http.get("/ready") for _ in range(2)][1]
        assert told.status_code == 200
        assert told.json()["warnings"] == {"access.yaml": NOT_IN_FORCE}
        [line] = lines
        assert line["event"] == "file_not_usable"
        assert "line 1: streams.two.skils" in line["error"]
        assert set(access.current().streams) == {"one"}
        path.write_text("streams: {one: {}, two: {skills: []}}")
        assert "warnings" not in (await http.get("/ready")).json()
        assert set(access.current().streams) == {"one", "two"}
