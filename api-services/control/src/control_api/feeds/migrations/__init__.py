"""The migrations of schema `feeds`, in which the positions of feeds are kept."""

from pathlib import Path

SCHEMA = "feeds"
VERSIONS = Path(__file__).parent / "versions"
