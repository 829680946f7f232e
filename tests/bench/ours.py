"""The kit's sample server as a process."""

import sys

from core.mcp_kit.sample import SampleTools, sample_server
from mcp_kit.command import run_command
from mcp_kit.settings import ServerSettings

if __name__ == "__main__":
    sys.exit(run_command("github-mcp", ServerSettings, lambda settings: sample_server(SampleTools())))
