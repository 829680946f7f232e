"""What the operator may choose, and how a wrong choice is told."""

import pytest
from agent_vendors import Vendor, load
from house.options import Options
from house.paths import HousePaths, ports_of
from service_kit.errors import ConfigError

VENDORS = load()
PORTS = ports_of(load())

LOWEST = 1 - min(PORTS.values())
LOWEST_WITHOUT_GITHUB_API = 1 - min(port for name, port in PORTS.items() if name != "github-api")
HIGHEST = 65_535 - max(PORTS.values())


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"MODEL": "imaginary"}, "MODEL='imaginary' is not usable: give one of stand-in, real"),
        ({"TRANSPORT": "stdio"}, "TRANSPORT='stdio' is not usable: give one of sse, http"),
        *(
            ({vendor.variable: "x"}, f"{vendor.variable}='x' is not usable: give one of stand-in, real")
            for vendor in VENDORS
        ),
        *(({vendor.variable: "real"}, f"the real {vendor.title} is used with the real model") for vendor in VENDORS),
    ],
)
def test_a_wrong_choice_is_named_with_its_values(environ: dict[str, str], message: str) -> None:
    """A value that a variable does not take is told with the variable and what it takes."""
    with pytest.raises(ConfigError) as error:
        Options.from_environment(environ)
    assert message in str(error.value)


def test_nothing_chosen_is_all_stand_ins() -> None:
    """Without a choice nothing real is used, even where keys lie in the environment."""
    keys = dict.fromkeys(["ANTHROPIC_API_KEY", *(vendor.credential for vendor in VENDORS)], "x")
    assert Options.from_environment(keys) == Options(real=frozenset(), transport="sse")


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
def test_a_vendor_is_made_real_alone(vendor: Vendor) -> None:
    """Each vendor has its variable, and the others stay stand-ins."""
    made = Options.from_environment({"MODEL": "real", vendor.variable: "real"})
    assert made.real == {"model", vendor.name}


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"CONTROL_PORT": "http"}, "CONTROL_PORT='http'"),
        ({"REDIS_PORT": "70000"}, "REDIS_PORT='70000'"),
        ({"PORT_OFFSET": "a lot"}, "PORT_OFFSET='a lot'"),
        (
            {"PORT_OFFSET": "70000"},
            f"PORT_OFFSET='70000' is not usable: give a whole number from {LOWEST} to {HIGHEST}",
        ),
        (
            {"PORT_OFFSET": "-9000"},
            f"PORT_OFFSET='-9000' is not usable: give a whole number from {LOWEST} to {HIGHEST}",
        ),
        ({"PORT_OFFSET": "-9000", "GITHUB_API_PORT": "1"}, f"from {LOWEST_WITHOUT_GITHUB_API} to {HIGHEST}"),
    ],
)
def test_a_wrong_port_is_named(environ: dict[str, str], message: str) -> None:
    """A port that is none is told with its variable."""
    with pytest.raises(ConfigError) as error:
        HousePaths.from_environment(environ)
    assert message in str(error.value)


def test_every_port_moves() -> None:
    """PORT_OFFSET moves all ports, and a variable of its own moves one further."""
    moved = HousePaths.from_environment({"PORT_OFFSET": "1000", "REDIS_PORT": "7777"})
    assert moved.ports == {name: port + 1000 for name, port in PORTS.items()} | {"redis": 7777}
