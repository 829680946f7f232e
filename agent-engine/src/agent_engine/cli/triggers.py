"""`agent-engine triggers test`: ask control what it would make of an event's payload."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text
from service_kit.http import HttpClient
from service_kit.settings import load

from agent_engine.cli.console import DONE, FAILED, Json, Output, UsageError, command, why
from agent_engine.render import plain
from agent_engine.settings import ControlAccess

app = typer.Typer(help="Triggers: what events become.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def triggers() -> None:
    """Triggers: what events become."""


@app.command("test")
@command
async def dry_run(
    payload: Annotated[Path, typer.Argument(metavar="FILE", help="A file with the event's JSON payload.")],
    event: Annotated[str, typer.Option(metavar="EVENT", help="The event's name, as triggers listen to it.")],
    source: Annotated[
        str, typer.Option(metavar="SOURCE", help="The source it is of; may be left out where there is one.")
    ] = "",
    instance: Annotated[
        str, typer.Option(metavar="INSTANCE", help="The instance of the source; left out: the one without a name.")
    ] = "",
    as_json: Json = False,
) -> int:
    """Say which tasks a payload would start, and start none.

    Exit 1 if none, or where a file of control's cannot be read: the answer is then by what it said before.
    """
    output = Output(as_json=as_json)
    place = {"source": source} if source else {}
    asked = {"event": event, "payload": _read_payload(payload), "instance": instance, **place}
    answer = await _ask_control(asked)
    output.data(answer)
    tasks = answer.get("tasks") or []
    for item in tasks:
        output.show(Text.assemble(("would fire  ", "green"), plain(item.get("trigger"))))
        output.show(Text.assemble("            ", plain(json.dumps(item.get("task"), ensure_ascii=False))))
    for word, style in (("ignored", "dim"), ("refused", "red")):
        for item in answer.get(word) or []:
            said = f"{item.get('trigger')}: {item.get('reason')}"
            output.show(Text.assemble((f"{word:12}", style), plain(said)))
    warnings = answer.get("warnings") or {}
    for name, fault in warnings.items():
        output.show(Text.assemble(("not read    ", "red"), plain(f"{name}: {fault}")))
    return DONE if tasks and not warnings else FAILED


def _read_payload(path: Path) -> dict[str, Any]:
    try:
        payload = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(why(error, path)) from None
    if not isinstance(payload, dict):
        raise UsageError(f"{path} holds no JSON object")
    return payload


async def _ask_control(asked: dict[str, Any]) -> dict[str, Any]:
    settings = load(ControlAccess)
    async with HttpClient(base_url=settings.control_url) as http:
        reply = await http.request(
            "POST",
            "/v1/triggers/test",
            json=asked,
            headers={"authorization": f"Bearer {settings.control_token.get_secret_value()}"},
        )
    answer = reply.json() if reply.body else {}
    if not reply.ok or not isinstance(answer, dict):
        said = answer.get("message", reply.text[:300]) if isinstance(answer, dict) else reply.text[:300]
        raise UsageError(f"control at {settings.control_url} answered {reply.status}: {said}")
    return answer
