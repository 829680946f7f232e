"""The command `migrate` of every owner of tables: brings its schemas of DATABASE_URL to this version."""

from pathlib import Path
from typing import Protocol

from pydantic import Field
from service_kit import command
from service_kit.log import configure, get_logger
from service_kit.serve import run
from service_kit.settings import Settings, load

from agent_stores.migrate import current, migrate


class MigrationSettings(Settings):
    """What migrating reads from the environment."""

    database_url: str = Field(description="PostgreSQL, postgresql://user:password@host:port/database")


class Owner(Protocol):
    """The module `migrations` of an owner."""

    SCHEMA: str
    VERSIONS: Path


async def migrate_owners(*owners: Owner) -> None:
    """Migrate the database that the environment names, and log each schema's revision.

    Raises:
        ConfigError: DATABASE_URL is not set, the database cannot be reached, or a migration fails.
    """
    url = load(MigrationSettings).database_url
    for owner in owners:
        await migrate(url, schema=owner.SCHEMA, versions=owner.VERSIONS)
        get_logger(__name__).info("migrated", schema=owner.SCHEMA, revision=await current(url, owner.SCHEMA))


def run_migrate_command(name: str, description: str | None, owner: Owner) -> int:
    """Run the command line `NAME migrate`, and return its exit status."""
    parser = command.parser(name, description)
    parser.add_argument("command", choices=["migrate"])
    parser.parse_args()
    configure(name)
    return run(migrate_owners(owner))
