"""Fails when docs/schemas is not what the models say; `--write` makes it so."""

import sys
from pathlib import Path

from agent_contracts.schemas import main as write
from agent_contracts.schemas import rendered

FOLDER = Path(__file__).resolve().parents[1] / "docs/schemas"


def main() -> int:
    """Compare, or write."""
    if "--write" in sys.argv:
        write(FOLDER)
        return 0
    stale = [name for name, text in rendered().items() if (FOLDER / name).read_text() != text]
    for name in stale:
        print(f"docs/schemas/{name} is not current: run .venv/bin/python scripts/check_schemas.py --write")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
