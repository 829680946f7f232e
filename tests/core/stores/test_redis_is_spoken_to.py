"""`agent-stores redis`: one command and its reply, where there is no redis-cli."""

import signal
import subprocess

import pytest
from fixtures.stores_command import Command

pytestmark = pytest.mark.apart


@pytest.mark.slow
def test_a_command_is_sent_and_its_reply_printed(valkey_only: Command) -> None:
    """A task can be added and read back: each value on a line of its own, deeper ones indented."""
    with valkey_only.running():
        added = valkey_only.call("redis", "XADD", "agent:tasks", "*", "task", '{"skill": "s", "input": "a\x1b[2J b"}')
        assert (added.returncode, added.stderr) == (0, "")
        entry = added.stdout.strip()
        assert valkey_only.call("redis", "XLEN", "agent:tasks").stdout == "1\n"
        read = valkey_only.call("redis", "XRANGE", "agent:tasks", "-", "+").stdout
        assert read == f'  {entry}\n    task\n    {{"skill": "s", "input": "a b"}}\n'
        sent = "\udcff\udcfe"  # how Python reads the bytes FF FE of a command line
        assert valkey_only.call("redis", "SET", "bytes", sent).stdout == "OK\n"
        assert valkey_only.call("redis", "STRLEN", "bytes").stdout == "2\n"
        assert valkey_only.call("redis", "GET", "nothing").stdout == "(nil)\n"


@pytest.mark.slow
def test_a_refused_command_is_named(valkey_only: Command) -> None:
    """What Redis refuses is told in its words, with status 2."""
    with valkey_only.running():
        done = valkey_only.call("redis", "XADD", "agent:tasks")
    assert done.returncode == 2
    assert done.stderr.startswith("error: Redis refused XADD: wrong number of arguments")


def test_a_redis_that_is_not_up_is_named_without_its_password(valkey_only: Command) -> None:
    """Where nothing answers, the address is told without the password, and how to start one."""
    valkey_only.environ = {**valkey_only.environ, "REDIS_URL": "redis://:hidden-word@127.0.0.1:1/0"}
    done = valkey_only.call("redis", "PING")
    assert done.returncode == 2
    assert "REDIS_URL (redis://:***@127.0.0.1:1/0) does not answer" in done.stderr
    assert "agent-stores start" in done.stderr
    assert "hidden-word" not in done.stderr


def test_stores_that_are_not_up_are_not_guessed(valkey_only: Command) -> None:
    """Where the folder's stores are down, no other Redis that has their port is spoken to."""
    done = valkey_only.call("redis", "XLEN", "agent:tasks")
    assert (done.returncode, done.stdout) == (2, "")
    assert "are not up: `agent-stores start` starts them; REDIS_URL names another" in done.stderr


def heard() -> None:
    """Let Ctrl-C be heard in a process, also where whoever started the tests ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.slow
def test_ctrl_c_ends_what_waits(valkey_only: Command) -> None:
    """A command that waits for others ends at Ctrl-C with 130, and quietly."""
    with valkey_only.running():
        argv = valkey_only.arguments("redis", ("XREAD", "BLOCK", "0", "STREAMS", "nix", "$"))
        waiting = subprocess.Popen(
            argv, env=valkey_only.environment(), stderr=subprocess.PIPE, text=True, preexec_fn=heard
        )
        while "blocked_clients:1" not in valkey_only.call("redis", "INFO", "clients").stdout:
            assert waiting.poll() is None
        waiting.send_signal(signal.SIGINT)
        _, errors = waiting.communicate(timeout=30)
    assert (waiting.returncode, errors) == (130, "")
