"""agent_vendors: records are found by entry points, and each holds together."""

import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
from agent_vendors import UnknownVendor, Vendor, in_house, installed, kinds_of, load

VENDORS = load()


def test_this_projects_vendors_are_loaded_when_none_is_named() -> None:
    """The default is the vendors of the project's own distribution, and nobody else's."""
    assert tuple(vendor.name for vendor in VENDORS) == in_house() != ()
    assert set(in_house()) <= set(installed())


def test_an_unknown_name_is_refused_with_the_names_that_are_installed() -> None:
    """The message names what is installed, and the nearest name."""
    with pytest.raises(
        UnknownVendor, match=r"no vendor 'gihub' is installed, only .*github.*; did you mean 'github'\?"
    ):
        load(["gihub"])


def test_a_record_is_imported_only_when_it_is_named() -> None:
    """Importing the package and listing what is installed imports no vendor's module."""
    code = "import sys, agent_vendors; agent_vendors.installed(); print('agent_vendors.github' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_vendor_that_is_not_installed_has_no_kinds() -> None:
    """Nothing is imported for a name out of a task or a file."""
    assert kinds_of("nobody") == {}


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
def test_each_record_holds_together(vendor: Vendor) -> None:
    """Examples fit their grammar, and each tool reads or writes."""
    assert vendor.prefix == vendor.variable + "_"
    assert all(kind.accepts(kind.example) and not kind.accepts(kind.example + "\n") for kind in vendor.kinds)
    assert all(vendor.kind(kind) is kind for kind in vendor.kinds)
    assert vendor.reads | vendor.writes == set(vendor.tools)


def test_no_two_vendors_share_a_port() -> None:
    """All processes of all vendors can run on one machine."""
    ports = [port for one in VENDORS for port in (one.mcp_port, one.api_port, one.stand_in_port) if port is not None]
    assert len(set(ports)) == len(ports)


@pytest.mark.parametrize(
    ("slip", "said"),
    [
        ({"name": "Jira"}, "name 'Jira': lower case"),
        ({"name": "model"}, "name 'model': .*none of"),
        ({"tools": {"a": "writes"}}, "a has the access 'writes'"),
        ({"secret_shapes": ("(",)}, r"'\(' is no regular expression"),
        ({"secret_shapes": ("(?i)x",)}, "is no regular expression"),
        ({"secret_shapes": ("a)|(?:b",)}, "is no regular expression"),
        ({"secret_shapes": ("a*",)}, "matches the empty text"),
    ],
)
def test_a_records_slip_is_refused_where_it_is_made(slip: dict[str, Any], said: str) -> None:
    """What would break other processes, or mask all that they log, is no record."""
    with pytest.raises(ValueError, match=said):
        replace(VENDORS[0], **slip)
