"""Which step plays after a resume, on the messages that the Claude CLI sends when its last run was killed."""

from typing import Any

import pytest
from stand_ins.model.conversation import Conversation, parse
from stand_ins.model.scenario import Scenario
from stand_ins.model.templates import Templates

LOST = (
    "[Tool call interrupted: the session ended before this call's result was recorded, so its outcome is unknown. "
    "Check whether it took effect before relying on it or running it again.]"
)
"""What the CLI puts in the place of a result that its last run did not live to see."""
PROMPT = {"role": "user", "content": [{"type": "text", "text": "Do it."}]}
GO_ON = {"role": "user", "content": [{"type": "text", "text": "Go on now.", "cache_control": {"type": "ephemeral"}}]}
MADE_UP = {"role": "assistant", "content": [{"type": "text", "text": "No response requested."}]}
STORY = Scenario.from_mapping(
    {
        "steps": [
            {"thinking": "Hm.", "text": "Both.", "tools": [{"tool": "read"}, {"tool": "labels"}]},
            {"text": "Then this.", "tool": "similar"},
            {"attempts": [{"status": 529}, {"structured": {"output": {}, "claims": []}}]},
            {"text": "Done."},
        ]
    },
    name="story",
)


def reply(text: str, *tools: str, turn: int = 0) -> dict[str, Any]:
    """Make a reply of the model: a text, and calls."""
    uses = [
        {"type": "tool_use", "id": f"toolu_{tool}{turn}", "name": f"mcp__lab__{tool}", "input": {}} for tool in tools
    ]
    return {"role": "assistant", "content": [{"type": "text", "text": text}, *uses]}


def results(*, turn: int = 0, **texts: str) -> dict[str, Any]:
    """Make the message that answers calls, as the CLI writes it."""
    blocks: list[dict[str, Any]] = []
    for tool, text in texts.items():
        use = f"toolu_{tool}{turn}"
        if text == LOST:
            blocks.append({"type": "tool_result", "content": text, "is_error": True, "tool_use_id": use})
        else:
            content = [{"type": "text", "text": text}]
            blocks.append({"tool_use_id": use, "type": "tool_result", "content": content})
    return {"role": "user", "content": blocks}


def resumed(*messages: dict[str, Any]) -> Conversation:
    """Read the first request of a resumed run."""
    return parse({"model": "m", "max_tokens": 1, "messages": [PROMPT, *messages, GO_ON]})


FIRST = (reply("Both.", "read", "labels"), results(read="an issue", labels="labels"))


@pytest.mark.parametrize(
    ("messages", "step"),
    [
        ([MADE_UP], 0),
        ([reply("Both.")], 0),
        ([reply("Both.", "read"), results(read=LOST), MADE_UP], 0),
        ([reply("Both.", "read"), results(read="an issue"), MADE_UP], 0),
        ([reply("Both.", "read", "labels"), results(read=LOST, labels=LOST), MADE_UP], 0),
        ([reply("Both.", "read", "labels"), results(read="an issue", labels=LOST), MADE_UP], 0),
        ([*FIRST, MADE_UP], 1),
        ([*FIRST, reply("Then this.")], 1),
        ([*FIRST, reply("Then this.", "similar"), results(similar=LOST), MADE_UP], 1),
        ([*FIRST, reply("Then this.", "similar"), results(similar="none"), MADE_UP], 2),
        ([*FIRST, reply("Then this.", "similar"), results(similar="none"), reply("Cut off in the")], 2),
        ([*FIRST, reply("Then this.", "similar"), results(similar="none"), reply("", "StructuredOutput"),
          results(StructuredOutput="taken"), reply("Done.")], 4),
    ],
)  # fmt: skip
def test_a_step_that_was_cut_off_plays_again(messages: list[dict[str, Any]], step: int) -> None:
    """A reply counts if it has all calls of its step, and each its result; else the step plays once more."""
    talk = resumed(*messages)
    assert STORY.step(talk.replies, Templates(talk).holds)[0] == step


def test_a_run_that_was_killed_again_plays_on_from_what_it_has() -> None:
    """Each resume may leave a reply without results behind; the results of the calls that were made again count."""
    history = [*FIRST]
    for turn, text in enumerate((LOST, LOST, "none")):
        history += [reply("Then this.", "similar", turn=turn), results(similar=text, turn=turn), MADE_UP, GO_ON]
    talk = resumed(*history)
    assert STORY.step(talk.replies, Templates(talk).holds)[0] == 2
    assert talk.texts(failed=False)["similar"] == ["none"]


def test_what_was_cut_off_is_neither_a_result_nor_a_failure() -> None:
    """Templates do not see the CLI's word for a lost call; a failure that only speaks of one stays one."""
    talk = resumed(reply("Both.", "read", "labels"), results(read="an issue", labels=LOST), MADE_UP)
    assert (talk.texts(failed=False)["read"], talk.texts(failed=True)["labels"]) == (["an issue"], [])
    failed = results(read="an issue", labels=f"GitHub failed. {LOST}")
    failed["content"][1]["is_error"] = True
    talk = resumed(reply("Both.", "read", "labels"), failed, MADE_UP)
    assert len(talk.texts(failed=True)["labels"]) == 1
    assert STORY.step(talk.replies, Templates(talk).holds)[0] == 1
