"""A vendor of somebody else: an entry point in another distribution, and no change in shared code."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

RECORD = """
from agent_vendors import ResourceKind, Vendor

ROOMS = ResourceKind("rooms", grammar=r"R[0-9]{1,9}", description="a room's id", example="R1")
ACME = Vendor(
    name="acme", title="Acme", upstream="https://acme.example", credential="ACME_TOKEN",
    mcp_port=9109, api_port=3109, stand_in_port=4109, kinds=(ROOMS,),
    tools={"list_rooms": "read", "close_room": "danger"}, webhook_source="acme",
    first_trigger={"name": "acme-rooms", "source": "acme", "event": "room", "skill": "tidy-up"},
    secret_shapes=(r"acme-[0-9a-f]{16}",),
)
"""
PROGRAM = """
import json, sys
from pathlib import Path
import yaml
from agent_contracts import EffectSummary, Grant
from agent_engine.settings import WorkerSettings, load_addressed
from agent_engine.skills.required_effects import RequiredEffect
from agent_vendors import load
from agent_vendors.registry import kinds_of
from house.access import write_access, write_triggers
from house.options import Options
from house.paths import HousePaths
from house.processes import processes
from service_kit.access import read_access
from service_kit.grants import Bound, allowed, narrow
from service_kit.redact import redact

secret = "acme-0123456789abcdef"
before = redact(secret)
environ = {"AGENT_BOT_HOME": sys.argv[1], "VENDORS": "github,acme"}
paths = HousePaths.from_environment(environ)
paths.make()
made = {one.name: one.env for one in processes(paths, Options.from_environment(environ), environ)}
engine = load_addressed(WorkerSettings, made["worker"])
acme = engine.vendors["acme"]
wrote = EffectSummary(
    id="018f0000-0000-7000-8000-000000000001", attempt=1, vendor="acme", tool="close_room", route="r", target="R1",
    state="done",
)
rooms = kinds_of("acme")["rooms"]
bound = Bound(resources={"rooms": ["R1", "R2"]})
print(json.dumps({
    "processes": [name for name in made if "acme" in name],
    "ports": {name: port for name, port in paths.ports.items() if "acme" in name},
    "secrets": sorted(path.name for path in (paths.home / "secrets").glob("*acme*")),
    "named": sorted({env["VENDORS"] for name, env in made.items() if "VENDORS" in env}),
    "urls": [engine.server_url(acme), made["acme-mcp"]["ACME_API_URL"]],
    "entry": read_access(write_access(paths)).tenants["default"].vendors["acme"].resources,
    "opened": list(read_access(write_access(paths)).tenants["default"].vendors["github"].resources),
    "triggers": [one["name"] for one in yaml.safe_load(write_triggers(paths).read_text())["triggers"]],
    "server": [list(engine.vendors), acme.audiences, sorted(acme.writes)],
    "redacted": [before == secret, redact(secret)],
    "granted": [allowed(bound, rooms, name) for name in ("R1", "r1", "R3", "R1/x")],
    "written": [RequiredEffect(tool="acme/close_room", target=name).fits(wrote) for name in ("R1", "r1")],
    "narrowed": narrow(Grant(tools=[], resources={"rooms": ["R1", "r2"]}), bound, "acme").resources,
}))
"""


@pytest.mark.slow
def test_engine_house_redaction_and_grants_take_it(tmp_path: Path) -> None:
    """One name in VENDORS brings its processes, ports, secrets, first entries and trigger, and comparison."""
    site = tmp_path / "site"
    (site / "acme_vendor-1.dist-info").mkdir(parents=True)
    (site / "acme_vendor.py").write_text(RECORD)
    (site / "acme_vendor-1.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: acme-vendor\nVersion: 1\n")
    points = "[agent_bot.vendors]\nacme = acme_vendor:ACME\n"
    (site / "acme_vendor-1.dist-info/entry_points.txt").write_text(points)
    scripts = Path(__file__).parents[3] / "scripts"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "home")],
        env={**os.environ, "PYTHONPATH": f"{site}:{scripts}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert json.loads(done.stdout) == {
        "processes": ["stand-in-acme", "acme-api", "acme-mcp"],
        "ports": {"acme-api": 3109, "acme-mcp": 9109, "stand-in-acme": 4109},
        "secrets": ["acme-mcp.service", "acme-webhook.secret", "stand-in-acme.token"],
        "named": ["github,acme"],
        "urls": ["http://127.0.0.1:9109", "http://127.0.0.1:3109"],
        "entry": {"rooms": ["R1"]},
        "opened": ["repositories"],
        "triggers": ["triage-new-issues", "acme-rooms"],
        "server": [["github", "acme"], ["acme-mcp", "acme-api"], ["close_room"]],
        "redacted": [True, "[secret]"],
        "granted": [True, False, False, False],
        "written": [True, False],
        "narrowed": {"rooms": ["R1"]},
    }
