"""`agent-stores run`: both servers in the foreground, without loss, without a trace."""

import os
import signal
import subprocess
import time
from pathlib import Path

import asyncpg
import psutil
import pytest
from fixtures.stores_command import Command
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError

pytestmark = pytest.mark.apart


def urls(command: Command) -> tuple[str, str]:
    """Ask the command for both addresses."""
    lines = command.call("url").stdout.splitlines()
    assert [line.partition("=")[0] for line in lines] == ["DATABASE_URL", "REDIS_URL"]
    return lines[0].partition("=")[2], lines[1].partition("=")[2]


def workers(folder: Path) -> list[psutil.Process]:
    """Give the processes whose working directory lies in the folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and Path(process.cwd()).is_relative_to(folder):
                found.append(process)
        except psutil.Error:
            continue
    return found


def command_line(process: psutil.Process) -> str:
    """Give a process's command line; empty where it has ended meanwhile."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


@pytest.mark.slow
async def test_run_serves_both_and_keeps_what_was_written(stores_command: Command) -> None:
    """SIGTERM stops both servers without loss; standard output stays empty; the next run has everything."""
    process = stores_command.spawn()
    database_url, redis_url = urls(stores_command)
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "create extension vector; create table kept (at vector(2)); insert into kept values ('[1,2]')"
    )
    redis = Redis.from_url(redis_url)
    await redis.xadd("kept", {"a": "b"})
    await redis.aclose()
    process.terminate()
    out, _ = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "")
    connection.terminate()
    assert workers(stores_command.folder) == []
    with stores_command.running():
        database_url, redis_url = urls(stores_command)
        connection = await asyncpg.connect(database_url)
        assert await connection.fetchval("select count(*) from kept") == 1
        await connection.close()
        redis = Redis.from_url(redis_url)
        assert await redis.xlen("kept") == 1
        await redis.aclose()


@pytest.mark.slow
async def test_passwords_are_demanded_and_kept_private(stores_command: Command) -> None:
    """Neither server answers without the password, which stands in no command line and no file open to others."""
    with stores_command.running("--throwaway"):
        database_url, redis_url = urls(stores_command)
        passwords = [(stores_command.folder / "secrets" / name).read_text().strip() for name in ("postgres", "redis")]
        assert all(len(password) >= 32 for password in passwords)
        for url, password in zip((database_url, redis_url), passwords, strict=True):
            assert f":{password}@127.0.0.1:" in url
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(database_url.replace(passwords[0], "wrong"))
        redis = Redis.from_url(redis_url.replace(passwords[1], "wrong"))
        with pytest.raises(AuthenticationError):
            await redis.ping()
        await redis.aclose()
        shown = " ".join(command_line(process) for process in workers(stores_command.folder))
        assert "postgres" in shown
        assert not any(password in shown for password in passwords)
        for path in [
            stores_command.folder,
            *stores_command.folder.glob("secrets/*"),
            stores_command.folder / "redis" / "valkey.conf",
        ]:
            assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.slow
def test_second_start_finds_the_first(valkey_only: Command) -> None:
    """A second start says that the stores run already, and with which pid, and is no error."""
    first = valkey_only.call("start")
    assert first.returncode == 0, first.stderr
    state = valkey_only.state()
    assert state is not None
    second = valkey_only.call("start")
    assert second.returncode == 0
    assert f"already running (pid {state.pid})" in second.stderr
    assert valkey_only.call("status").returncode == 0
    stopped = valkey_only.call("stop")
    assert f"pid {state.pid}" in stopped.stderr
    assert valkey_only.call("status").returncode == 3
    assert "nothing runs" in valkey_only.call("stop").stderr


@pytest.mark.slow
def test_second_run_is_refused(valkey_only: Command) -> None:
    """A second run in the same folder is refused and names the first one's pid."""
    with valkey_only.running() as first:
        second = valkey_only.call("run")
        assert second.returncode == 2
        assert f"already running (pid {first.pid})" in second.stderr
        assert first.poll() is None


@pytest.mark.slow
def test_killed_run_is_taken_over(stores_command: Command) -> None:
    """After SIGKILL of a run, the next run stops the orphans of its own folder and serves again."""
    process = stores_command.spawn()
    process.kill()
    process.communicate()
    orphans = workers(stores_command.folder)
    assert len(orphans) >= 2
    process = stores_command.spawn()
    assert not any(orphan.is_running() and orphan.status() != psutil.STATUS_ZOMBIE for orphan in orphans)
    process.kill()
    _, err = process.communicate()
    assert "left by a run that was killed" in err
    stopped = stores_command.call("stop")
    assert "PostgreSQL, left by a run that was killed, Valkey, left by a run that was killed" in stopped.stderr
    _, left = psutil.wait_procs(workers(stores_command.folder), timeout=30)
    assert left == []


@pytest.mark.slow
def test_a_server_that_dies_ends_the_run(stores_command: Command) -> None:
    """When one server ends by itself, the run stops the other and exits non-zero, saying which."""
    process = stores_command.spawn("--throwaway")
    os.kill(int((stores_command.folder / "redis" / "valkey.pid").read_text()), signal.SIGKILL)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "error: Valkey ended" in err
    assert workers(stores_command.folder) == []


@pytest.mark.slow
def test_stale_pid_files_are_no_hindrance(stores_command: Command) -> None:
    """A pid file of a dead process, or whose number another program has by now, does not stop a start."""
    with stores_command.running():
        left = (stores_command.folder / "postgres" / "postmaster.pid").read_text()
    other = subprocess.Popen(["sleep", "60"])
    try:
        for pid in (other.pid, 2**22 - 3):
            (stores_command.folder / "postgres" / "postmaster.pid").write_text(f"{pid}\n" + left.partition("\n")[2])
            (stores_command.folder / "redis" / "valkey.pid").write_text(f"{pid}\n")
            (stores_command.folder / "run.lock").write_text(f"{pid}\n")
            started = stores_command.spawn()
            started.terminate()
            started.communicate(timeout=20)
            assert started.returncode == 0
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


@pytest.mark.slow
def test_run_ends_with_its_input(valkey_only: Command) -> None:
    """With --until-eof a run ends when whoever holds its standard input goes away."""
    arguments = valkey_only.arguments("run", ("--until-eof",))
    process = subprocess.Popen(
        arguments,
        env=valkey_only.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    while valkey_only.state() is None:
        assert process.poll() is None
        time.sleep(0.02)
    process.communicate(timeout=20)
    assert process.returncode == 0


@pytest.mark.slow
def test_given_address_starts_nothing_for_it(valkey_only: Command) -> None:
    """A given DATABASE_URL is printed as it is and no PostgreSQL is started; Valkey is."""
    with valkey_only.running():
        database_url, redis_url = urls(valkey_only)
        assert database_url == valkey_only.environ["DATABASE_URL"]
        assert redis_url.startswith("redis://default:")
        assert not (valkey_only.folder / "postgres").exists()
        assert "(given)" in valkey_only.call("status").stdout
