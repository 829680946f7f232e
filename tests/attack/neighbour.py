"""Another run beside the attacked ones: it holds a canary in files, memory and sockets, and waits."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from attack.case import Case, Never, RunCase, Seeded, Seen, SkillGrant
from attack.ground import OUTPUT, POOL, Ground, seed, skill_text

PROGRAM = Path(__file__).parent / "programs/waits.py"
NAME = "neighbour-waits"
PORT = 18_181


class Neighbour:
    """The run beside."""

    case = Case(
        group="neighbour",
        name="waits",
        folder=PROGRAM.parent,
        content=RunCase(
            what="Waits beside the attacked runs.",
            skill=SkillGrant(built_in_tools=["Bash"], wall_seconds=900, idle_seconds=900),
            github=Seeded(title="The neighbour's issue", user="mona", body="Wait."),
            seen=[Seen(tool="Bash")],
            never=[Never(status="succeeded")],
        ),
    )

    @classmethod
    def write_skill(cls, ground: Ground) -> None:
        """Write its skill."""
        folder = ground.skills / NAME
        folder.mkdir()
        assert isinstance(cls.case.content, RunCase)
        (folder / "SKILL.md").write_text(skill_text(NAME, cls.case.content, {}))
        (folder / "output.schema.json").write_text(json.dumps(OUTPUT))
        (folder / "wait.py").write_bytes(PROGRAM.read_bytes())

    @classmethod
    @asynccontextmanager
    async def beside(cls, ground: Ground, *, wanted: bool) -> AsyncIterator[None]:
        """Have it run during the block; cases name its parts as `<<neighbour.ref>>` and `<<neighbour.port>>`."""
        if not wanted:
            yield
            return
        house = ground.house
        assert isinstance(cls.case.content, RunCase)
        await seed(ground, cls.case, cls.case.content)
        command = f"{ground.names['python']} -I /skill/wait.py {PORT} {ground.canaries['neighbour']}"
        bash: dict[str, Any] = {"tool": "Bash", "input": {"command": command, "timeout": 600_000}}
        read = {"text": "I read.", "tool": "issue_read", "input": {"repository": cls.case.repository, "issue": 1}}
        await house.scenario(NAME, {"skill": NAME, "steps": [read, bash, {"text": "Done."}]})
        task = await house.submit(NAME, {"repository": cls.case.repository, "issue": 1}, pool=POOL)
        try:
            result = await house.until(task, "tool_result", within=60)
            ref = getattr(result.body, "ref", None)
            assert ref, result
            ground.names |= {"neighbour.task": str(task), "neighbour.ref": ref, "neighbour.port": str(PORT)}
            yield
        finally:
            await house.control("POST", f"/v1/tasks/{task}/cancel")
