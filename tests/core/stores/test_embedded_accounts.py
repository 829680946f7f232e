"""The servers never run as root, whoever starts them."""

import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from agent_stores.binaries import postgres_programs
from agent_stores.errors import StoreError
from agent_stores.postgres import Postgres
from agent_stores.run_as import NOBODY, Account, choose, reachable
from agent_stores.server import Server
from agent_stores.valkey import Valkey
from fixtures.stores_command import Command

pytestmark = pytest.mark.apart


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can enter, unlike pytest's own."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user: run the tests as root")
    if not reachable(postgres_programs()):
        pytest.skip("another user cannot enter this checkout: move it out of the home folder")
    folder = Path(tempfile.mkdtemp(prefix="agent-bot-tests-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.slow
async def test_root_without_user_namespaces_becomes_another_user(
    open_folder: Path, unused_tcp_port_factory: Callable[[], int]
) -> None:
    """Both servers run as `nobody`, in folders that it owns."""
    account = Account(uid=NOBODY, switch=True)
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
        process = await server.start()
        try:
            assert await server.ready()
            served = server.process()
            assert served is not None
            assert (served.uids().effective, served.gids().effective) == (NOBODY, NOBODY)
            assert server.folder.stat().st_uid == NOBODY
        finally:
            await server.end(process)


def test_folder_out_of_reach_is_refused(open_folder: Path) -> None:
    """A folder of data or programs that the other user could not enter is refused with what to do instead."""
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    account = Account(uid=NOBODY, switch=True)
    account.require_reach(open_folder)
    with pytest.raises(StoreError, match=r"user 65534, who cannot enter .*/closed: put it where every user can enter"):
        account.require_reach(closed)


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
