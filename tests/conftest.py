"""What every test has: the embedded stores when asked for, no process that outlives its test, no silent skip."""

import gc
import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

pytest_plugins = [
    "fixtures.distribution",
    "fixtures.stores",
    "fixtures.leaks",
    "fixtures.durations",
    "fixtures.skips",
    "fixtures.stores_command",
    "fixtures.task_runs",
    "fixtures.github_spec",
]


settings.register_profile("unhurried", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
"""Property tests are judged by what they find, not by how busy the machine is."""


gc.disable()
"""While tests are collected, which makes millions of objects that stay."""


def pytest_collection_finish() -> None:
    """Collect garbage from now on, but never look again at what collecting tests has made: that halves its time."""
    gc.enable()
    gc.freeze()


def pytest_configure() -> None:
    """Log exceptions as Python does: rich's tracebacks stop an event loop for seconds on a busy machine."""
    renderer = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], renderer])


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """A test that runs a command in this process, which sends its logs to standard error, changes no later test's."""
    root, config = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    yield
    for handler in root.handlers[:]:
        if handler not in handlers:
            root.removeHandler(handler)
    root.setLevel(level)
    structlog.configure(**config)
