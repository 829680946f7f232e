"""Ctrl-C ends a process without a word of Python's, whenever it comes."""

import inspect

import pytest
from service_kit import serve


def test_an_interrupt_before_the_loop_leaves_nothing_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    """The main coroutine that never began is closed, so that Python warns of nothing."""

    async def main() -> int:
        return 0

    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(serve, "_loop_factory", interrupted)
    never_begun = main()
    assert serve.run(never_begun) == 130
    assert inspect.getcoroutinestate(never_begun) == inspect.CORO_CLOSED
