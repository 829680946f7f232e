"""A vendor's line in the house's table: its ports, its token, its server's process and entry, its URL for workers."""

from agent_engine.servers import VENDORS as ENGINES
from house.life import House
from house.options import SETTINGS, settings_at
from house.place import PORTS, TOKENS, Place
from house.processes import Choice, engine_environment, processes, urls_of
from house.vendors import VENDORS
from service_kit.access import AccessFile


def test_each_line_is_whole(place: Place, environ: dict[str, str]) -> None:
    """Every vendor has gateway and server, in this order, and workers know where; the engine knows the same vendors."""
    started = [process.name for process in processes(place, Choice(), environ)]
    worker = engine_environment(place, Choice(), environ, urls_of(place, environ))
    for vendor in VENDORS:
        assert started.index(vendor.api) < started.index(vendor.mcp)
        assert (PORTS[vendor.api], PORTS[vendor.mcp]) == (vendor.api_port, vendor.mcp_port)
        assert vendor.service in TOKENS
        assert worker[ENGINES[vendor.name].url_variable] == place.url(vendor.mcp)
        assert ENGINES[vendor.name].audiences == (vendor.mcp, vendor.api)
        for process in (vendor.api, vendor.mcp):
            assert settings_at(SETTINGS[process]).model_fields["port"].default == PORTS[process]
    assert {vendor.name for vendor in VENDORS} == set(ENGINES)


def test_each_server_is_known_to_its_gateway(local: House) -> None:
    """The first access.yaml holds every vendor's server with the hash of the token that it is given."""
    access = AccessFile(local.place.home / "access.yaml").current()
    assert {access.service(local.place.secret(vendor.service)) for vendor in VENDORS} == {one.mcp for one in VENDORS}


def test_each_vendor_has_an_entry(local: House) -> None:
    """The first access.yaml opens every vendor to the tenant and to each door."""
    access = AccessFile(local.place.home / "access.yaml").current()
    assert access.cli is not None
    doors = {**access.streams, **access.webhooks, **access.http, "cli": access.cli}
    opened = {name: tenant.vendors for name, tenant in access.tenants.items()}
    opened |= {name: door.vendors for name, door in doors.items()}
    names = {vendor.name for vendor in VENDORS}
    assert {name: names - set(vendors) for name, vendors in opened.items() if names - set(vendors)} == {}


def test_no_port_is_taken_twice() -> None:
    """A new vendor's ports are its own."""
    assert len(set(PORTS.values())) == len(PORTS)
