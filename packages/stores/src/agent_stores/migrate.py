"""Migrations: one Alembic environment for all owners, each with a schema and a version table of its own.

An owner is a package with `migrations/__init__.py` that holds `SCHEMA: str` and `VERSIONS: Path`, and the versions as
`migrations/versions/NNNN_name.py`, each with `revision = "NNNN"`; there is one statement in each `op.execute`.
"""

import asyncio
import threading
from pathlib import Path
from typing import Any

import asyncpg

from agent_stores.errors import StoreError
from agent_stores.pool import DATABASE_ERRORS, unreachable

ENVIRONMENT = Path(__file__).parent / "environment"
LOCK = 7_305_213_114_180_112_001
"""The advisory lock that migrators of every schema of a database take in turn (any constant of our own)."""
_one_at_a_time = threading.Lock()  # Alembic's `op` and `context` are global to the process.


def newest(versions: Path) -> str | None:
    """Return the newest revision in a folder, which is the number that its file's name starts with."""
    return max((path.name.partition("_")[0] for path in versions.glob("[0-9]*_*.py")), default=None)


async def migrate(url: str, *, schema: str, versions: Path) -> None:
    """Bring a schema to its newest revision, in one transaction; do nothing if it is there already.

    Safe to call from several processes at once: they take turns.

    Raises:
        StoreError: the database cannot be reached, or a migration fails (then nothing of it stays).
    """
    await asyncio.to_thread(_migrate_in_thread, url, schema, versions)


def _migrate_in_thread(url: str, schema: str, versions: Path) -> None:
    # A thread with a loop of its own: Alembic is synchronous, and must not meet the caller's running loop.
    with _one_at_a_time:
        asyncio.run(_upgrade(url, schema, versions))


async def _upgrade(url: str, schema: str, versions: Path) -> None:
    # Imported here, so that a process that only asks for the current revision does not pay for SQLAlchemy.
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import text
    from sqlalchemy.engine import Connection
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    config = Config()
    config.set_main_option("script_location", str(ENVIRONMENT).replace("%", "%%"))
    config.set_main_option("version_locations", str(versions).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")

    def run(connection: Connection) -> None:
        config.attributes.update(connection=connection, schema=schema)
        command.upgrade(config, "head")

    async def connect() -> Any:
        return await asyncpg.connect(url, timeout=10)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.execute(text(f"select pg_advisory_xact_lock({LOCK})"))
            await connection.execute(text(f'create schema if not exists "{schema}"'))
            await connection.run_sync(run)
    except (TimeoutError, OSError, ValueError, asyncpg.InvalidAuthorizationSpecificationError) as error:
        raise unreachable(url, error) from error
    except (*DATABASE_ERRORS, SQLAlchemyError) as error:
        raise StoreError(f"the migration of schema {schema} failed, and nothing of it stays: {error}") from error
    finally:
        await engine.dispose()


async def current(url: str, schema: str) -> str | None:
    """Return the revision that a schema is at, or None where it was never migrated.

    Raises:
        StoreError: the database cannot be reached.
    """
    try:
        connection = await asyncpg.connect(url, timeout=10)
    except (*DATABASE_ERRORS, ValueError) as error:
        raise unreachable(url, error) from error
    try:
        return await _revision(connection, schema)
    finally:
        await connection.close()


async def _revision(connection: asyncpg.Connection | asyncpg.Pool, schema: str) -> str | None:
    try:
        found: str | None = await connection.fetchval(f'select version_num from "{schema}".alembic_version')  # noqa: S608 - an owner's constant
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError):
        return None
    return found


async def assert_current(pool: asyncpg.Pool, schema: str, versions: Path) -> None:
    """Raise StoreError unless a schema is at the newest revision that this code knows."""
    found, wanted = await _revision(pool, schema), newest(versions)
    if found == wanted:
        return
    if found is not None and wanted is not None and found > wanted:
        raise StoreError(
            f"schema {schema} is at revision {found}, newer than this program ({wanted}): update the program."
        )
    raise StoreError(f"schema {schema} is at revision {found or 'none'}, not {wanted}: run its `migrate` command.")
