"""The blocks of docs/operating.md on backup and restore, run as they stand."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest
from fixtures.stores import quick_folder
from fixtures.stores_command import HIDDEN, Command

PAGE = Path(__file__).parents[3] / "docs" / "operating.md"
SECTION = re.compile(r"## Back up and restore\n.*?```sh\n(.*?)```.*?```sh\n(.*?)```", re.DOTALL)


def run_block(block: str, folder: Path) -> None:
    """Run a block in a folder, with a home in it; each of its commands has to succeed."""
    environ = {key: value for key, value in os.environ.items() if key not in HIDDEN} | {"HOME": f"{folder}/home"}
    ran = subprocess.run(["sh", "-ec", block], cwd=folder, env=environ, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


@pytest.mark.slow
@pytest.mark.apart
async def test_what_is_backed_up_is_restored_as_the_page_says() -> None:
    """Records and files are back in a new house; the backup is outside of the checkout and closed to others."""
    found = SECTION.search(PAGE.read_text())
    assert found is not None
    backup, restore = found.groups()
    with quick_folder() as folder:
        (folder / "home").mkdir()
        (folder / ".venv").symlink_to(sys.prefix)
        stores = Command(folder / "var" / "stores")
        for name in ("secrets/signing-key.json", "access.yaml", "triggers.yaml", "proposals.yaml", "settings.env"):
            (folder / "var" / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "var" / name).write_text(name)
        with stores.running():
            database_url = stores.call("url").stdout.split()[0].partition("=")[2]
            connection = await asyncpg.connect(database_url)
            await connection.execute("create table kept as select 'a task' as said")
            await connection.close()
            run_block(backup, folder)
        assert {path.name for path in folder.iterdir()} == {".venv", "var", "home"}
        assert [path.stat().st_mode & 0o077 for path in folder.glob("home/agent-bot-backup/*")] == [0, 0]
        shutil.rmtree(folder / "var")
        (folder / "var").mkdir()
        run_block(restore.removesuffix("make up\n"), folder)
        assert (folder / "var/secrets/signing-key.json").read_text() == "secrets/signing-key.json"
        with stores.running():
            database_url = stores.call("url").stdout.split()[0].partition("=")[2]
            connection = await asyncpg.connect(database_url)
            assert await connection.fetchval("select said from kept") == "a task"
            await connection.close()
