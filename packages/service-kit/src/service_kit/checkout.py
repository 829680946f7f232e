"""Remedies for whoever runs a command from a checkout, where `make` is, and for whoever installed it as a package."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent / "../../../.."
"""The checkout's folder, where the package is installed from one; a package may lie right below `/`."""


def remedy(*, checkout: str, package: str) -> str:
    """Return the remedy that can be followed here: `make` and `scripts/` are in a checkout alone."""
    return checkout if (ROOT / "scripts" / "house").is_dir() else package
