"""Background tasks end even when a library swallows a cancellation."""

import asyncio

from agent_engine.run_control import end_tasks


async def test_a_swallowed_cancellation_is_sent_again() -> None:
    """A loop whose first cancellation is lost ends at the next one, and its errors hold nothing up."""
    swallowed = asyncio.Event()

    async def stubborn() -> None:
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                if swallowed.is_set():
                    raise
                swallowed.set()

    async def broken() -> None:
        raise ValueError("it broke")

    tasks = [asyncio.create_task(stubborn()), asyncio.create_task(broken())]
    await asyncio.sleep(0)
    async with asyncio.timeout(30):
        await end_tasks(*tasks)
    assert swallowed.is_set()
    assert all(task.done() for task in tasks)
