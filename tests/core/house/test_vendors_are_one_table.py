"""A vendor's line in the house's table: its processes with their ports and tokens, its entry, its URL for workers."""

import pytest
from agent_vendors import load
from house.lifecycle import House
from house.option_check import settings_of
from house.options import Options
from house.paths import HousePaths, ports_of
from house.processes import LOCALE, PASSED_ON, engine_environment, options_of, processes, urls_of
from service_kit.access import AccessFile
from service_kit.settings import variables

VENDORS = load()
SETTINGS = settings_of(load())
PORTS = ports_of(load())


def test_each_line_is_whole(paths: HousePaths, environ: dict[str, str]) -> None:
    """Every vendor has stand-in, gateway and server, in this order; workers and the engine know the same vendors."""
    started = [process.name for process in processes(paths, Options(), environ)]
    worker = engine_environment(paths, Options(), environ, urls_of(paths, environ))
    for vendor in VENDORS:
        own = {vendor.stand_in: vendor.stand_in_port, vendor.api: vendor.api_port, vendor.mcp: vendor.mcp_port}
        assert sorted(own, key=started.index) == list(own)
        assert {name: PORTS[name] for name in own} == own
        assert vendor.service_secret in paths.tokens
        assert worker[vendor.mcp_url_variable] == paths.url(vendor.mcp)
        assert vendor.audiences == (vendor.mcp, vendor.api)
        for process in own:
            assert SETTINGS[process]().model_fields["port"].default == PORTS[process]
    assert worker["VENDORS"] == ",".join(vendor.name for vendor in VENDORS)


@pytest.mark.parametrize("name", sorted(set(SETTINGS) - {"stores", "worker"}))
def test_each_process_reads_what_it_is_given(paths: HousePaths, environ: dict[str, str], name: str) -> None:
    """What a process is given by the table, and what an operator may set for it, is known to its settings."""
    (env,) = (process.env for process in processes(paths, Options(), environ) if process.name == name)
    fields = SETTINGS[name]().model_fields.items()
    read = {*PASSED_ON, *LOCALE} | {variable for field in fields for variable in variables(*field)}
    assert {*env, *options_of(VENDORS).get(name, ())} <= read


def test_each_server_is_known_to_its_gateway(local: House) -> None:
    """The first access.yaml holds every vendor's server with the hash of the token that it is given."""
    access = AccessFile(local.paths.home / "access.yaml").current()
    known = {access.service(local.paths.secret(vendor.service_secret)) for vendor in VENDORS if vendor.has_gateway}
    assert known == {vendor.mcp for vendor in VENDORS if vendor.has_gateway}


def test_each_vendor_has_an_entry(local: House) -> None:
    """The first access.yaml opens every vendor to the tenant and to each door."""
    access = AccessFile(local.paths.home / "access.yaml").current()
    assert access.cli is not None
    doors = {**access.streams, **access.webhooks, **access.http, "cli": access.cli}
    opened = {name: tenant.vendors for name, tenant in access.tenants.items()}
    opened |= {name: door.vendors for name, door in doors.items()}
    names = {vendor.name for vendor in VENDORS}
    assert {name: names - set(vendors) for name, vendors in opened.items() if names - set(vendors)} == {}


def test_no_port_is_taken_twice() -> None:
    """A new vendor's ports are its own."""
    assert len(set(PORTS.values())) == len(PORTS)
