"""The migrations of schema `control`, in which deliveries and firings are kept."""

from pathlib import Path

SCHEMA = "control"
VERSIONS = Path(__file__).parent / "versions"
