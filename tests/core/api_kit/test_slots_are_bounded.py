"""Slots: so many requests under way of a credential, a tenant and a caller; who waits holds up nobody else."""

import asyncio

import pytest
from api_kit.concurrency_limits import ConcurrencyLimits, Holder, Slots
from api_kit.errors import Refusal
from hypothesis import given
from hypothesis import strategies as st

FEW = Slots(credential=4, tenant=3, caller=2, waiting=5)
A, B, C = (Holder("c", tenant, caller) for tenant, caller in (("x", "a"), ("x", "b"), ("y", "c")))


async def refused(slots: ConcurrencyLimits, holder: Holder) -> str:
    """Ask for a slot that there is not, and give the reason."""
    with pytest.raises(Refusal) as caught:
        await slots.take(holder, seconds=0.01)
    assert caught.value.retry_after == 1
    return f"{caught.value.reason}: {caught.value.message}"


async def test_each_bound_holds_and_is_named() -> None:
    """Two of a caller, three of its tenant, four of the credential; another credential has its own."""
    slots = ConcurrencyLimits(FEW)
    for _ in range(2):
        await slots.take(A)
    assert "rate: too many requests of this caller" in await refused(slots, A)
    await slots.take(B)
    assert "rate: too many requests of this tenant" in await refused(slots, B)
    await slots.take(C)
    assert "vendor_rate: too many requests of this credential" in await refused(slots, C)
    await slots.take(Holder("d", "x", "a"))
    assert slots._taken[("c",)] == 4
    for holder in (A, A, B, C, Holder("d", "x", "a")):
        slots.release(holder)
    assert not slots._taken
    assert not slots._waiting


async def test_who_waits_gets_the_next_slot() -> None:
    """A slot goes to who waited longest and fits; a caller over its own bound holds up nobody."""
    slots = ConcurrencyLimits(FEW)
    order: list[str] = []

    async def ask(holder: Holder, name: str) -> None:
        await slots.take(holder, seconds=5)
        order.append(name)

    for holder in (A, A, B, C):
        await slots.take(holder)
    waiting = [asyncio.create_task(ask(holder, name)) for holder, name in ((A, "a3"), (C, "c2"), (C, "c3"))]
    await asyncio.sleep(0)
    slots.release(B)
    await asyncio.sleep(0.01)
    assert order == ["c2"], "a3 waits for its own slot"
    slots.release(A)
    await asyncio.gather(waiting[0])
    assert order == ["c2", "a3"]
    slots.release(C)
    await asyncio.gather(*waiting)
    assert order == ["c2", "a3", "c3"]


async def test_who_gives_up_leaves_nothing_taken() -> None:
    """A wait that is cancelled, even in the moment in which it got its slot, takes none."""
    slots = ConcurrencyLimits(Slots(credential=1))
    await slots.take(A)
    gone, lucky = (asyncio.create_task(slots.take(holder, seconds=5)) for holder in (B, C))
    await asyncio.sleep(0)
    slots.release(A)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    await lucky
    assert slots._taken.total() == 3


async def test_not_all_may_wait() -> None:
    """When many wait already, the next is refused at once."""
    slots = ConcurrencyLimits(FEW)
    for _ in range(2):
        await slots.take(A)
    waiting = [asyncio.create_task(slots.take(A, seconds=5)) for _ in range(5)]
    await asyncio.sleep(0)
    with pytest.raises(Refusal):
        await asyncio.wait_for(slots.take(A, seconds=60), 1)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_instances_share_the_vendors_bound() -> None:
    """With two instances each holds half of what the vendor allows, and never less than one."""
    instances = 2
    slots = ConcurrencyLimits(Slots(credential=4, tenant=4, caller=9), instances=lambda: instances)
    for _ in range(2):
        await slots.take(A)
    await refused(slots, B)
    instances = 100
    slots.release(A)
    slots.release(A)
    await slots.take(B)


@given(st.lists(st.tuples(st.sampled_from([A, B, C]), st.booleans()), max_size=80))
def test_no_order_of_events_breaks_a_bound(steps: list[tuple[Holder, bool]]) -> None:
    """Taking, giving back and giving up in any order: the bounds hold, and in the end nothing is taken."""
    slots = ConcurrencyLimits(FEW)
    held: list[Holder] = []

    async def take(holder: Holder) -> None:
        await slots.take(holder, seconds=60)
        held.append(holder)

    async def walk() -> None:
        tasks: list[asyncio.Task[None]] = []
        for holder, gives_back in steps:
            if gives_back and held:
                slots.release(held.pop(0))
            elif gives_back and tasks:
                tasks.pop(0).cancel()
            else:
                tasks.append(asyncio.create_task(take(holder)))
            await asyncio.sleep(0)
            assert len(held) <= 4
            assert all(held.count(each) <= 2 for each in (A, B, C))
            assert held.count(A) + held.count(B) <= 3
        while tasks:
            tasks.pop().cancel()
        for _ in range(3):
            await asyncio.sleep(0)
        while held:
            slots.release(held.pop())
            await asyncio.sleep(0)
        assert not slots._taken
        assert not slots._waiting

    asyncio.run(walk())
