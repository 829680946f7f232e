"""Plays what one tenant does to others: each case is a function that gives what got through, by counts and bounds."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from attack.case import Case, FairCase
from attack.fairness import comments, inbox, reservations, shares, tasks
from attack.gates import Doors
from attack.outcome import Outcome

Play = Callable[[Doors], Awaitable[list[str]]]
PLAYS: Mapping[str, Play] = {
    play.__name__.replace("_", "-"): play
    for play in (
        comments.hostile_text,
        comments.tokens_in_pieces,
        comments.spellings,
        inbox.poison_entry,
        inbox.others_results,
        inbox.cancels_of_nothing,
        reservations.reservations_that_stay,
        shares.triggers_of_others,
        shares.long_connections,
        shares.work_before_counting,
        shares.vendors_limit,
        tasks.turns_at_claims,
        tasks.two_keys,
    )
}


async def play(doors: Doors, case: Case) -> Outcome:
    """Play one case, once."""
    assert isinstance(case.content, FairCase)
    began = time.monotonic()
    got: Sequence[str] = ()
    lost: Sequence[str] = ()
    try:
        got = await PLAYS[case.name](doors)
    except Exception as error:  # what did not run cannot count as blocked
        lost = [f"{type(error).__name__}: {str(error)[:500]}"]
    seconds = time.monotonic() - began
    return Outcome(case.id, case.group, 1, bool(got), bool(lost), told=(*got, *lost), seconds=seconds)
