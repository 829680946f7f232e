"""What bounds a run can be set under compose as it can for `make up`."""

import yaml
from agent_engine.settings import WorkerSettings
from house.place import ROOT
from house.processes import OPTIONS
from service_kit.settings import variables


def test_compose_passes_each_limit_of_a_run() -> None:
    """Each `RUN_*` variable reaches the worker; one that is not set is empty, which stands for its default."""
    compose = yaml.safe_load((ROOT / "docker-compose.agent.yml").read_text())
    passed = compose["services"]["worker"]["environment"]
    read = {name for field in WorkerSettings.model_fields.items() for name in variables(*field)}
    limits = {name for name in read if name.startswith("RUN_")}
    assert limits == {name for name in OPTIONS["worker"] if name.startswith("RUN_")} != set()
    assert {name: passed.get(name) for name in limits} == {name: f"${{{name}:-}}" for name in limits}
