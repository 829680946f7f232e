"""`python -m agent_ledger migrate`: brings schema `ledger` of DATABASE_URL to this version."""

from agent_stores.migrate_command import run_migrate_command

from agent_ledger import migrations


def main() -> int:
    """Run the command line and give its exit status."""
    return run_migrate_command("agent-ledger", __doc__, migrations)


if __name__ == "__main__":
    raise SystemExit(main())
