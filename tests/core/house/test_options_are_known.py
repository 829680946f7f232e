"""`PROCESS__VARIABLE`: what sets nothing or cannot be used is refused before anything starts."""

import pytest
from agent_vendors import load
from house.lifecycle import House
from house.option_check import check_names, settings_of
from house.options import Options
from house.paths import HousePaths
from house.processes import processes
from house.supervise import Supervisor
from service_kit.errors import ConfigError


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"WROKER__WORKER_SLOTS": "2"}, "no process has the prefix WROKER__. The nearest known: WORKER__WORKER_SLOTS"),
        ({"worker__worker_slots": "2"}, "The nearest known: WORKER__WORKER_SLOTS"),
        ({"GITHUB-API__RATE_BURST": "2"}, "The nearest known: GITHUB_API__RATE_BURST"),
        ({"CONTROL__allowed_hosts": "a"}, "The nearest known: CONTROL__ALLOWED_HOSTS"),
        ({"WORKER__WORKER_SLOT": "2"}, "worker reads no WORKER_SLOT. The nearest known: WORKER__WORKER_SLOTS"),
        ({"WORKER__NOSUCH": "1"}, "WORKER__NOSUCH would set nothing: worker reads no NOSUCH."),
        ({"CONTROL__PORT": "39123"}, "the house itself sets PORT (ports by PORT_OFFSET"),
        ({"WORKER__WORKER_HTTP": "off"}, "the house itself sets WORKER_HTTP"),
    ],
)
def test_a_variable_that_would_set_nothing_is_refused(environ: dict[str, str], message: str) -> None:
    """An unknown process or variable is named, with the nearest that are known."""
    with pytest.raises(ConfigError) as error:
        check_names(environ, load())
    assert message in str(error.value)
    assert "docs/configuration.md" in str(error.value)


def test_variables_of_others_are_nobody_s_business() -> None:
    """Other programs use the form too: what is like no process here is left alone."""
    others = {
        "AIRFLOW__CORE__DAGS": "x",
        "DOCKER__HOST": "x",
        "APP__DATABASE_URL": "x",
        "__CF_ENCODING": "x",
        "A__": "",
    }
    check_names(others | {"CONTROL__ALLOWED_HOSTS": "a"}, load())


def test_every_process_has_its_settings(paths: HousePaths, environ: dict[str, str]) -> None:
    """Each process of a house can be set: its settings are known here."""
    assert {process.name for process in processes(paths, Options(), environ)} == set(settings_of(paths.vendors))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"WORKER__WORKER_SLOTS": "abc"},
            "with WORKER__WORKER_SLOTS: WORKER_SLOTS='abc' is not usable",
        ),
        ({"WORKER_SLOTS": "many"}, "with WORKER_SLOTS: WORKER_SLOTS='many' is not usable"),
        (
            {"WORKER_LEASE_SECONDS": "0"},
            "with WORKER_LEASE_SECONDS: WORKER_LEASE_SECONDS='0' is not",
        ),
        (
            {"GITHUB_API__RATE_BURST": "-1"},
            "with GITHUB_API__RATE_BURST: RATE_BURST='-1' is not",
        ),
        ({"WORKER__NOSUCH": "1"}, "worker reads no NOSUCH"),
        ({"LOG_LEVEL": "banana"}, "LOG_LEVEL='banana' is not usable: "),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL=mysql://... is not usable: write postgresql://"),
        ({"DATABASE_URL": "grace:hunter2@host/db"}, "DATABASE_URL=... is not usable: write postgresql://"),
        ({"REDIS_URL": "http://:hunter2@host"}, "REDIS_URL=http://... is not usable: write redis://"),
        ({"REDIS_URL": "redis://"}, "REDIS_URL=redis://... is not usable: write redis://"),
    ],
)
async def test_a_value_that_cannot_be_used_is_told_once(
    local: House, environ: dict[str, str], given: dict[str, str], message: str
) -> None:
    """A wrong value is told before anything starts, in one line that names the variable that was set."""
    said: list[str] = []
    with pytest.raises(ConfigError) as error:
        await House(local.paths, Options(), environ | given).up(said.append)
    assert str(error.value).count(message) == 1
    assert "\n" not in str(error.value)
    assert "hunter2" not in str(error.value)
    assert said == []
    assert not Supervisor(local.paths).running()


async def test_settings_that_can_be_used_pass(local: House, environ: dict[str, str]) -> None:
    """Every kind of process takes what its settings take."""
    given = {f"{name.upper().replace('-', '_')}__LOG_LEVEL": "debug" for name in settings_of(load())}
    House(local.paths, Options(), environ | given | {"WORKER__WORKER_POLL_SECONDS": "0.5"}).check()
