"""Several writes of one call: each is sent, stored or shown, and a failure says what was done before it."""

from collections.abc import Awaitable, Callable, Sequence

from mcp_kit.errors import DryRun, Proposed, ToolFailed

Write = tuple[str, Callable[[], Awaitable[object]]]
"""A write, and what it does in our words: `labels were added`."""


async def write_all(writes: Sequence[Write]) -> None:
    """Do the writes one after another, and stop at the first that fails.

    Raises:
        ToolFailed: one failed; the message begins with what was done before it, and ends with what was not sent.
        Proposed: the gateway stored some of them.
        DryRun: none was sent, and all are shown.
    """
    done: list[str] = []
    stored: list[Proposed] = []
    shown: list[DryRun] = []
    for number, (told, write) in enumerate(writes, 1):
        try:
            await write()
            done.append(told)
        except Proposed as proposed:
            stored.append(proposed)
        except DryRun as dry_run:
            shown.append(dry_run)
        except ToolFailed as failure:
            before = [*done, *([f"{len(stored)} writes were stored as proposals"] if stored else [])]
            if before:
                failure.message = f"Before this failed, {' and '.join(before)}. {failure.message}"
            if rest := len(writes) - number:
                failure.message += " The write after it was" if rest == 1 else f" The {rest} writes after it were"
                failure.message += " not sent."
            raise
    if stored:
        raise Proposed.joined(stored)
    if shown:
        raise DryRun.joined(shown)
