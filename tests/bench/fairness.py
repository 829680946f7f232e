"""Two tenants: how long a quiet one waits while a loud one takes all that it gets, beside its own time alone."""

import asyncio
from contextlib import ExitStack
from pathlib import Path

from bench import tenants_claims, tenants_http, tenants_worker
from bench.gateway import open_stores
from bench.table import Line
from bench.tenants import Subject, prepare

ROUNDS = 3
GOAL = 3.0


def lines(folder: Path) -> list[Line]:
    """Measure each thing that tenants share; `folder` is for keys, logs and the stores."""
    with open_stores(folder) as stores, ExitStack() as stack:
        tenants = prepare(folder, stores)
        loop = stack.enter_context(asyncio.Runner())
        subjects = [
            *tenants_http.subjects(tenants, stack),
            tenants_claims.subject(tenants, stack, loop),
            *tenants_worker.subjects(tenants, stack, loop),
        ]
        return [_measured(subject) for subject in subjects]


def _measured(subject: Subject) -> Line:
    """Take the quiet tenant's time in turns: alone, and beside the load; the first round is not counted."""
    rounds = []
    for _ in range(ROUNDS + 1):
        alone = subject.quiet_ms()
        with subject.load():
            rounds.append((subject.quiet_ms(), alone))
    beside, alone_ms = zip(*rounds[1:], strict=True)
    return Line(f"{subject.name}: a quiet tenant's p50 beside a loud one, over alone", beside, alone_ms, "ms", GOAL)
