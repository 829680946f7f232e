"""All that is the Claude CLI's own: its command line, its stream, its words for errors and failures."""

from pathlib import Path

from agent_engine.drivers.claude.command_line import Claude
from agent_engine.engines.cli_engine import CliEngine
from agent_engine.engines.registry import EngineSetup


def engine(setup: EngineSetup) -> CliEngine:
    """Make the engine `claude`. `CLAUDE_CLI` names another CLI than the one in the pinned wheel."""
    path = setup.environ.get("CLAUDE_CLI")
    return CliEngine(Claude(executable=Path(path) if path else None), setup.confinement)
