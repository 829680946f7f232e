"""`python -m attack`: plays the cases in a house of its own; 1 if anything got through or never ran."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from attack.battery import battery
from attack.case import CASES, READY, load
from attack.outcome import Outcome, held, table
from fixtures.house import running_house


def main() -> int:
    """Play; 0 if every attempt ran and none got through."""
    parser = argparse.ArgumentParser(prog="attack", description=__doc__)
    parser.add_argument("--short", action="store_true", help="the cases of the short form alone")
    parser.add_argument("--cases", type=Path, default=CASES, help="a folder of cases")
    parser.add_argument("--list", action="store_true", help="say what each case is, and play none")
    parser.add_argument("--ready", action="append", default=[], help="play the cases that wait for this too")
    parser.add_argument("only", nargs="*", help="parts of the names of cases; all without one")
    asked = parser.parse_args()
    cases = load(asked.cases, short=asked.short, only=asked.only)
    if asked.list:
        for case in cases:
            print(f"{case.id}: {case.content.what}")
        return 0
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="agent-bot-attack-") as folder, running_house() as house:
        outcomes = battery(house, cases, folder=Path(folder), ready=(*READY, *asked.ready), tell=_tell)
    lines, _, count = table(outcomes).rpartition("\n")
    print(f"\n{lines}in {time.monotonic() - began:.0f} s\n{count}")
    return 0 if held(outcomes) else 1


def _tell(outcome: Outcome) -> None:
    word = "blocked" if outcome.blocked == outcome.attempts else "GOT THROUGH" if outcome.through else "NOT RUN"
    print(f"{word:<12} {outcome.id} ({outcome.seconds:.1f} s)", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
