"""`python -m agent_effects migrate`: brings schema `gateway` of DATABASE_URL to this version."""

from agent_stores.migrate import current, migrate
from service_kit import command
from service_kit.log import configure, get_logger
from service_kit.serve import run
from service_kit.settings import load

from agent_effects.migrations import SCHEMA, VERSIONS
from agent_effects.settings import EffectsSettings


async def _migrate() -> int:
    url = load(EffectsSettings).database_url
    await migrate(url, schema=SCHEMA, versions=VERSIONS)
    get_logger("agent_effects").info("migrated", schema=SCHEMA, revision=await current(url, SCHEMA))
    return 0


async def _act(command: str) -> int:
    return await {"migrate": _migrate}[command]()


def main() -> int:
    """Run the command line and give its exit status."""
    parser = command.parser("agent-effects", __doc__)
    parser.add_argument("command", choices=["migrate"])
    options = parser.parse_args()
    configure("agent-effects")
    return run(_act(options.command))


if __name__ == "__main__":
    raise SystemExit(main())
