"""`agent-engine doctor`: look at every dependency and say what to mend."""

from rich.text import Text

from agent_engine.cli.console import DONE, FAILED, Json, Output, as_typed, command
from agent_engine.doctor import DoctorSettings, examine
from agent_engine.render import plain
from agent_engine.settings import load_addressed

STYLES = {"ok": "green", "warning": "yellow", "bad": "bold red"}


@command
async def doctor(as_json: Json = False) -> int:
    """Check all that a worker needs, and say what to mend.

    That is PostgreSQL, Redis, keys, access file, servers, model-api, clocks, the agent CLI, confinement and skills.
    """
    output = Output(as_json=as_json)
    findings = await examine(load_addressed(DoctorSettings))
    for finding in findings:
        output.data(vars(finding))
        output.show(
            Text.assemble((f"{finding.state:8} ", STYLES[finding.state]), f"{finding.name:14} ", plain(finding.detail))
        )
        if finding.remedy:
            output.show(Text.assemble(" " * 9, ("mend: ", "bold"), plain(as_typed(finding.remedy))))
    return FAILED if any(finding.state == "bad" for finding in findings) else DONE
