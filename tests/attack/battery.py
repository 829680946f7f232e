"""Plays a battery of cases in one house: gates and tenants one after the other, runs side by side."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from attack import gates, runs
from attack.case import Case, FairCase, GateCase, RunCase
from attack.fairness import plays
from attack.ground import POOL, Ground, heard, prepare, write_skills
from attack.neighbour import Neighbour
from attack.outcome import Outcome
from fixtures.house import RunningHouse, worker
from fixtures.stores import run_apart

SLOTS = 5
"""Four attacks side by side, and the run beside them."""
LONGEST_SECONDS = 1200.0
Tell = Callable[[Outcome], None]


def battery(
    house: RunningHouse,
    cases: Sequence[Case],
    *,
    folder: Path,
    ready: Sequence[str] = (),
    tell: Tell = lambda _: None,
) -> list[Outcome]:
    """Play all cases and give what became of each, in their order.

    Args:
        house: without a worker; it gets one.
        cases: what is played.
        folder: an empty one outside of every run, for skills and canaries.
        ready: what cases may expect: a case that expects anything else waits.
        tell: called with each outcome as it comes.
    """
    played = [case for case in cases if case.content.expects in ("", *ready)]
    waiting = [
        Outcome(case.id, case.group, case.content.attempts, waits_for=case.content.expects)
        for case in cases
        if case not in played
    ]
    ground = Ground(house, folder)
    prepare(ground)
    write_skills(ground, played)
    Neighbour.write_skill(ground)
    canary = ground.canaries["worker"]
    with worker(
        house, slots=SLOTS, skills=[ground.skills], pool=POOL, name="worker-attacked", HOUSE_CANARY=canary
    ) as made:
        ground.names |= {"worker.pid": str(made.pid), "worker.folder": str(made.folder)}
        done: list[Outcome] = run_apart(_all(ground, played, tell), LONGEST_SECONDS)
        assert made.process.poll() is None, f"the worker is gone:\n{made.log()}"
    places = {case.id: paths for paths, case in enumerate(cases)}
    return sorted([*done, *waiting], key=lambda one: places[one.id])


async def _all(ground: Ground, cases: Sequence[Case], tell: Tell) -> list[Outcome]:
    before = ground.house.pids()
    outcomes: list[Outcome] = []

    def take(outcome: Outcome) -> None:
        outcomes.append(outcome)
        tell(outcome)

    of_gates = [case for case in cases if isinstance(case.content, GateCase)]
    of_tenants = [case for case in cases if isinstance(case.content, FairCase)]
    of_runs = [case for case in cases if isinstance(case.content, RunCase)]
    if of_gates or of_tenants:
        async with gates.doors(ground) as doors:
            for case in of_gates:
                take(await gates.play(doors, case))
            for case in of_tenants:
                take(await plays.play(doors, case))
    if of_runs:
        since = len(await heard(ground))
        async with Neighbour.beside(ground, wanted=any(_needs(case) for case in of_runs)):
            room = asyncio.Semaphore(SLOTS - 1)

            async def one(case: Case) -> None:
                async with room:
                    take(await runs.play(ground, case, since=since))

            async with asyncio.TaskGroup() as group:
                for case in of_runs:
                    group.create_task(one(case))
    after = ground.house.pids()
    assert before == after, f"processes of the house were started anew: {before} became {after}"
    return outcomes


def _needs(case: Case) -> bool:
    return isinstance(case.content, RunCase) and case.content.neighbour
