"""Shows an attempt's conversation for people: what the agent said, called and was answered, whole and inert."""

import json
from collections.abc import Iterator, Sequence

from agent_contracts import TaskEvent
from agent_contracts.event import Body, Finished, RetryEvent, Started, Text, Thinking, ToolCall, ToolResult
from agent_contracts.event import Warning as WarningEvent
from rich.text import Text as Line
from service_kit.untrusted_text import for_terminal

from agent_engine.render import plain, tool_name


def conversation(events: Sequence[TaskEvent]) -> Iterator[Line]:
    """Show what was said and done in an attempt, whole: for each event a line, and its text indented beneath."""
    for event in events:
        heading, text = _turn(event.body)
        if heading:
            seconds = (event.at - events[0].at).total_seconds()
            yield Line.assemble((f"{seconds:7.1f}s  ", "dim"), plain(heading, style="bold"))
            yield from (Line(f"    {line}") for line in for_terminal(text).splitlines())


def _turn(body: Body) -> tuple[str, str]:
    match body:
        case Started(driver=driver, model=model, confinement=confinement):
            return f"{driver} starts with {model}, confined by {confinement}", ""
        case Text(text=text):
            return "the agent says", text
        case Thinking(text=text):
            return "the agent thinks", text
        case ToolCall(server=server, tool=tool, input=given):
            return f"the agent calls {tool_name(server, tool)}", json.dumps(given, indent=2, ensure_ascii=False)
        case ToolResult(server=server, tool=tool, text=text) as result:
            outcome = "is denied" if result.denied else "answers" if result.ok else "fails"
            return f"{tool_name(server, tool)} {outcome}", text
        case WarningEvent(message=message):
            return "warning", message
        case RetryEvent(reason=reason, message=message):
            return f"tried again: {reason}", message
        case Finished(status=status, reason=reason, message=message):
            return f"finished: {status}{f' ({reason})' if reason else ''}", message
    return "", ""
