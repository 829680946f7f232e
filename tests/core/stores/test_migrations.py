"""Every owner migrates its own schema, in turn with the others, and says where it stands."""

import asyncio
import sys
from pathlib import Path
from types import ModuleType

import asyncpg
import pytest
from agent_stores.errors import StoreError
from agent_stores.migrate import assert_current, current, migrate, newest
from fixtures.stores import owners

VERSION = """
from alembic import op

revision = "{number}"
down_revision = {down!r}


def upgrade() -> None:
    op.execute("{statement}")
"""


def versions(folder: Path, *statements: str) -> Path:
    """Write a version for each statement."""
    folder.mkdir(exist_ok=True)
    for number, statement in enumerate(statements, 1):
        down = f"{number - 1:04}" if number > 1 else None
        text = VERSION.format(number=f"{number:04}", down=down, statement=statement)
        (folder / f"{number:04}_step.py").write_text(text)
    return folder


async def test_schema_and_versions_are_the_owners_own(empty_database_url: str, tmp_path: Path) -> None:
    """Two owners with the same revision numbers do not meet; a second migration changes nothing."""
    for schema in ("one", "two"):
        folder = versions(tmp_path / schema, f"create table {schema}.t ()", f"create table {schema}.u ()")
        assert await current(empty_database_url, schema) is None
        await migrate(empty_database_url, schema=schema, versions=folder)
        await migrate(empty_database_url, schema=schema, versions=folder)
        assert await current(empty_database_url, schema) == "0002" == newest(folder)


@pytest.mark.slow
async def test_migrators_take_turns(empty_database_url: str, tmp_path: Path) -> None:
    """Four processes that migrate at once all succeed, and each step happens once."""
    folder = versions(tmp_path / "v", "create table s.t ()", "select pg_sleep(0.1)", "create table s.u ()")
    program = (
        "import asyncio, sys, pathlib; from agent_stores.migrate import migrate;"
        "asyncio.run(migrate(sys.argv[1], schema='s', versions=pathlib.Path(sys.argv[2])))"
    )
    processes = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", program, empty_database_url, str(folder))
        for _ in range(2)
    ]
    await asyncio.gather(*(migrate(empty_database_url, schema="s", versions=folder) for _ in range(2)))
    assert [await process.wait() for process in processes] == [0, 0]
    assert await current(empty_database_url, "s") == "0003"


async def test_a_failed_migration_leaves_nothing(empty_database_url: str, tmp_path: Path) -> None:
    """All steps are one transaction: when one fails, the schema is as before and the failure is said."""
    folder = versions(tmp_path / "v", "create table s.t ()", "select 1 / 0")
    with pytest.raises(StoreError, match=r"migration of schema s failed, and nothing of it stays.*division by zero"):
        await migrate(empty_database_url, schema="s", versions=folder)
    assert await current(empty_database_url, "s") is None


async def test_readiness_names_what_to_do(empty_database_url: str, tmp_path: Path) -> None:
    """A schema behind asks for `migrate`; one ahead asks for a newer program; the newest is well."""
    folder = versions(tmp_path / "v", "create table s.t ()")
    async with asyncpg.create_pool(empty_database_url, min_size=1, max_size=1) as pool:
        with pytest.raises(StoreError, match="schema s is at revision none, not 0001: run its `migrate` command"):
            await assert_current(pool, "s", folder)
        await migrate(empty_database_url, schema="s", versions=folder)
        await assert_current(pool, "s", folder)
        with pytest.raises(StoreError, match="at revision 0001, not 0002"):
            await assert_current(pool, "s", versions(tmp_path / "v", "create table s.t ()", "select 1"))
        older = tmp_path / "older"
        older.mkdir()
        (older / "0000_none.py").touch()
        with pytest.raises(StoreError, match="newer than this program"):
            await assert_current(pool, "s", older)


async def test_unreachable_database_is_named_without_its_password() -> None:
    """DATABASE_URL is named with the remedy, its password is not."""
    for work in (
        migrate("postgresql://u:hidden@127.0.0.1:1/x", schema="s", versions=Path()),
        current("postgresql://u:hidden@127.0.0.1:1/x", "s"),
    ):
        with pytest.raises(StoreError, match=r"DATABASE_URL \(postgresql://u:\*\*\*@127\.0\.0\.1:1/x\)"):
            await work


@pytest.mark.parametrize("owner", owners(), ids=lambda owner: owner.__name__)
async def test_owners_keep_the_convention(pool: asyncpg.Pool, owner: ModuleType) -> None:
    """Each owner's newest file is Alembic's head, a step of one statement each, and the template stands there."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(owner.VERSIONS))
    config.set_main_option("version_locations", str(owner.VERSIONS))
    config.set_main_option("path_separator", "newline")
    assert ScriptDirectory.from_config(config).get_current_head() == newest(owner.VERSIONS)
    await assert_current(pool, owner.SCHEMA, owner.VERSIONS)
