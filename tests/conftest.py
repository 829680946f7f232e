"""What every test has: the embedded stores when asked for, no process that outlives its test, no silent skip."""

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
