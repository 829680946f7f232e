"""`agent-engine`: the command line."""

from agent_engine.cli.app import app


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
