"""A house starts on free ports alone; a port that is not free is named with its remedy."""

import socket

import pytest
from agent_vendors import load
from house.lifecycle import House
from house.options import Options
from house.paths import HousePaths, ports_of
from house.port_check import check_ports
from service_kit.errors import ConfigError

PORTS = ports_of(load())


@pytest.mark.parametrize("taken", list(PORTS))
async def test_a_taken_port_is_named_with_its_remedy(local: House, taken: str) -> None:
    """The house does not start on a taken port: the message has port, process and variable, and nothing is left."""
    port = local.paths.ports[taken]
    with socket.create_server(("127.0.0.1", port)), pytest.raises(ConfigError) as error:
        await local.up(lambda _: None)
    variable = taken.upper().replace("-", "_") + "_PORT"
    message = str(error.value)
    assert f"port {port} for {taken} cannot be used" in message
    assert message.endswith(f"set {variable} to a free port")
    assert not local.down()


def test_an_offset_is_offered_for_a_port_that_it_moves(environ: dict[str, str]) -> None:
    """PORT_OFFSET is a remedy where the port has no variable of its own, also where an offset is set."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        offset = server.getsockname()[1] - PORTS["control"]
        given = environ | {"CONTROL_PORT": "", "PORT_OFFSET": str(offset)}
        with pytest.raises(ConfigError, match=r"set CONTROL_PORT to a free port, or PORT_OFFSET to move all ports$"):
            check_ports(HousePaths.from_environment(given), PORTS, given)


async def test_a_house_without_stores_of_its_own_needs_no_port_for_them(
    paths: HousePaths, environ: dict[str, str]
) -> None:
    """With given stores, taken store ports are nobody's business: the next taken port is what is told."""
    given = {"DATABASE_URL": "postgresql://elsewhere/db", "REDIS_URL": "redis://elsewhere:6379/0"}
    house = House(paths, Options(), environ | given)
    house.init()
    with (
        socket.create_server(("127.0.0.1", paths.ports["postgres"])),
        socket.create_server(("127.0.0.1", paths.ports["control"])),
        pytest.raises(ConfigError, match="CONTROL_PORT"),
    ):
        await house.up(lambda _: None)
