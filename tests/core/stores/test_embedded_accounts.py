"""The servers never run as root, whoever starts them."""

import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from agent_stores.errors import StoreError
from agent_stores.postgres import Postgres
from agent_stores.run_as import NOBODY, Account, choose, reachable
from agent_stores.server import Server, end, start
from agent_stores.valkey import Valkey
from fixtures.stores_command import Command


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can enter, unlike pytest's own."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user: run the tests as root")
    folder = Path(tempfile.mkdtemp(prefix="agent-bot-tests-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.slow
async def test_root_without_user_namespaces_becomes_another_user(
    open_folder: Path, unused_tcp_port_factory: Callable[[], int]
) -> None:
    """Both servers run as `nobody`, from a copy of their programs that it can read, in folders that it owns."""
    account = Account(uid=NOBODY, switch=True, cache=open_folder / "cache")
    servers: list[Server] = [
        made(
            folder=open_folder / made.__name__.lower(),
            log=open_folder / f"{made.__name__}.log",
            port=unused_tcp_port_factory(),
            password="secret",
            account=account,
            throwaway=True,
        )
        for made in (Postgres, Valkey)
    ]
    for server in servers:
        process = await start(server)
        try:
            assert await server.ready()
            pid = int(server.pid_file.read_text().splitlines()[0])
            assert psutil.Process(pid).uids().effective == NOBODY
            assert psutil.Process(pid).gids().effective == NOBODY
            assert server.folder.stat().st_uid == NOBODY
        finally:
            await end(server, process)


def test_programs_out_of_reach_are_copied_once(open_folder: Path, tmp_path: Path) -> None:
    """Programs below a folder that is closed to others are copied to the cache; those in reach are not."""
    account = Account(uid=NOBODY, switch=True, cache=open_folder / "cache")
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "server").write_text("x")
    tmp_path.chmod(0o700)
    libraries = tmp_path / "libraries"
    libraries.mkdir()
    (libraries / "shared").write_text("y")
    copy = account.readable(programs, libraries)
    assert (copy / "../libraries/shared").read_text() == "y"
    assert copy.is_relative_to(open_folder)
    assert reachable(copy)
    assert (copy / "server").read_text() == "x"
    assert account.readable(programs, libraries) == copy
    assert account.readable(copy) == copy
    assert Account(uid=0).readable(programs) == programs
    os.chown(copy.parent, 12345, 12345)
    with pytest.raises(StoreError, match="belongs to user 12345"):
        account.readable(programs, libraries)


def test_folder_out_of_reach_is_refused(open_folder: Path) -> None:
    """A folder that the other user could not enter is refused with one that it could."""
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(StoreError, match="choose a folder such as /var/lib/agent-bot/stores"):
        Account(uid=NOBODY, switch=True).check(closed / "postgres")


def test_this_user_needs_no_other_account_than_its_own() -> None:
    """A plain user starts the servers directly; root steps into a user namespace where it can."""
    account = choose()
    assert account.uid == os.geteuid() or account.switch
    assert bool(account.prefix or account.switch) == (os.geteuid() == 0)


@pytest.mark.slow
def test_plain_user(stores_command: Command, bubblewrap: str) -> None:
    """A plain user's run serves and stops like root's; its folder is closed to others."""
    stores_command.prefix = (
        bubblewrap,
        "--dev-bind",
        "/",
        "/",
        "--unshare-user",
        "--uid",
        "1000",
        "--gid",
        "1000",
        "--",
    )
    started = stores_command.call("start")
    assert started.returncode == 0, started.stderr
    assert "started" in started.stderr
    assert stat.S_IMODE(stores_command.folder.stat().st_mode) == 0o700
    stores_command.prefix = ()
    assert stores_command.call("status").returncode == 0
