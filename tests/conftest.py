"""What every test has: the embedded stores when asked for, and a check that no process outlives its test."""

pytest_plugins = [
    "fixtures.distribution",
    "fixtures.stores",
    "fixtures.leaks",
    "fixtures.stores_command",
    "fixtures.task_runs",
    "fixtures.github_spec",
]
