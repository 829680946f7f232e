"""A house starts on free ports alone; a port that is not free is named with its remedy."""

import socket

import pytest
from agent_vendors import load
from fixtures.house import free_ports_for_all
from house.lifecycle import House
from house.options import Options
from house.paths import HousePaths, ports_of
from house.port_check import check_ports
from service_kit.errors import ConfigError

PORTS = ports_of(load())


@pytest.fixture
def offset() -> int:
    """An offset at which all ports are free; 1000 more may be, too."""
    for offset in range(11_000, 50_000, 1000):
        try:
            check_ports(_place(offset), PORTS, {})
        except ConfigError:
            continue
        return offset
    raise AssertionError("no offset leaves all ports free")


def _place(offset: int) -> HousePaths:
    return HousePaths.from_environment({"PORT_OFFSET": str(offset)})


@pytest.mark.parametrize("taken", list(PORTS))
async def test_a_taken_port_is_named_with_its_remedy(local: House, taken: str) -> None:
    """The house does not start on a taken port: the message has port, process and variable, and nothing is left."""
    port = local.paths.ports[taken]
    with socket.create_server(("127.0.0.1", port)), pytest.raises(ConfigError) as error:
        await local.up(lambda _: None)
    variable = taken.upper().replace("-", "_") + "_PORT"
    message = str(error.value)
    assert f"port {port} for {taken} cannot be used" in message
    assert f"set {variable} to another port than {port}" in message
    assert not local.down()


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


def _refused(environ: dict[str, str]) -> str:
    with pytest.raises(ConfigError) as error:
        check_ports(HousePaths.from_environment(environ), PORTS, environ)
    return str(error.value)


def test_another_offset_is_advised_where_one_is_set(offset: int) -> None:
    """With PORT_OFFSET set the remedy is another one, at which all ports are free, or the process's own variable."""
    environ = {"PORT_OFFSET": str(offset)}
    with socket.create_server(("127.0.0.1", PORTS["control"] + offset)):
        message = _refused(environ)
        advised = int(message.partition("PORT_OFFSET=")[2].split(",")[0])
        assert advised != offset
        check_ports(_place(advised), PORTS, {})
    assert "set CONTROL_PORT to a free port" in message


def test_an_offset_is_advised_by_what_it_would_free(offset: int) -> None:
    """Without an offset the advised one is the first at which all ports are free, not always the same."""
    free = free_ports_for_all()
    environ = free | {"CONTROL_PORT": ""}
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", PORTS["control"]))
            taken.listen()
        except OSError:
            pass  # Somebody else has it: taken all the same.
        with socket.create_server(("127.0.0.1", PORTS["control"] + 1000)):
            message = _refused(environ)
    assert f"port {PORTS['control']} for control cannot be used" in message
    assert int(message.partition("PORT_OFFSET=")[2].split(",")[0]) > 1000
