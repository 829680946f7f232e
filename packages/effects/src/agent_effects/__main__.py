"""`python -m agent_effects migrate`: brings schema `gateway` of DATABASE_URL to this version."""

from agent_stores.migrate_command import run_migrate_command

from agent_effects import migrations


def main() -> int:
    """Run the command line and give its exit status."""
    return run_migrate_command("agent-effects", __doc__, migrations)


if __name__ == "__main__":
    raise SystemExit(main())
