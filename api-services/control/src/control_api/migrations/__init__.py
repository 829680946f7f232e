"""Control's schema: what its migrations own."""

from pathlib import Path

SCHEMA = "control"
VERSIONS = Path(__file__).parent / "versions"
