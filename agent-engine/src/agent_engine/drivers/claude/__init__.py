"""All that is the Claude CLI's own: its command line, its stream, its words for errors and failures."""

from agent_engine.drivers.claude.command_line import Claude
from agent_engine.engines.cli_engine import CliEngine
from agent_engine.engines.registry import EngineSetup


def engine(setup: EngineSetup) -> CliEngine:
    """Make the engine `claude`."""
    return CliEngine(Claude(), setup.confinement)
