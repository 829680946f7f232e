"""`python -m agent_ledger migrate`: brings schema `ledger` of DATABASE_URL to this version."""

from agent_stores.migrate import current, migrate
from service_kit import command
from service_kit.log import configure, get_logger
from service_kit.serve import run
from service_kit.settings import load

from agent_ledger.migrations import SCHEMA, VERSIONS
from agent_ledger.settings import LedgerSettings


async def _migrate() -> int:
    url = load(LedgerSettings).database_url
    await migrate(url, schema=SCHEMA, versions=VERSIONS)
    get_logger("agent_ledger").info("migrated", schema=SCHEMA, revision=await current(url, SCHEMA))
    return 0


def main() -> int:
    """Run the command line and give its exit status."""
    parser = command.parser("agent-ledger", __doc__)
    parser.add_argument("command", choices=["migrate"])
    parser.parse_args()
    configure("agent-ledger")
    return run(_migrate())


if __name__ == "__main__":
    raise SystemExit(main())
