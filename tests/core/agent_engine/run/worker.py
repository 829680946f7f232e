"""A worker of one run, to be killed: `worker.py MODEL_URL LAB_URL FOLDER`."""

import asyncio
import sys
from pathlib import Path
from uuid import UUID, uuid4

from agent_contracts.event import Body, ToolResult
from agent_engine.confinement.probe import probe
from agent_engine.drivers.claude.command_line import Claude
from agent_engine.engines.cli_engine import CliEngine
from agent_engine.engines.outcome import RunOutcome
from agent_engine.hardening import harden
from agent_engine.run_control import StopSignal
from agent_engine.spec import RunSpec, ServerSpec


class Printer:
    """Prints when a tool has answered."""

    async def event(self, body: Body) -> None:
        """Take an event."""
        if isinstance(body, ToolResult):
            print("answered", flush=True)

    async def session(self, content: bytes) -> None:
        """Forget a session."""


async def main(model: str, lab: str, folder: Path, prompt: str = "PLAY stop-then-go") -> RunOutcome:
    """Run, and say when the first tool has answered."""
    harden()
    spec = RunSpec(
        task_id=UUID(int=2),
        attempt=1,
        folder=folder / "run",
        system_prompt="Skill: trial",
        prompt=prompt,
        model="claude-sonnet-5-5",
        model_api_url=model,
        model_token="model-token-of-the-killed-worker",
        servers=(
            ServerSpec(
                name="lab", url=lab, transport="http", token="task-token-of-the-killed-worker", tools=("lookup",)
            ),
        ),
        output_schema={"type": "object"},
        max_turns=5,
        wall_seconds=60,
        idle_seconds=60,
        session_id=uuid4(),
    )
    found = await probe()
    print(found.detail, file=sys.stderr)
    return await CliEngine(Claude(), found.confinement).run(spec, Printer(), StopSignal())


if __name__ == "__main__":
    end = asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), *sys.argv[4:]))
    print(end.confinement, end.ended_by, end.failure)
