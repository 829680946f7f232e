"""What a task used and what its agent said last is known over all its attempts."""

from collections.abc import Sequence

from agent_contracts import Usage
from agent_contracts.event import Body, Text, ToolCall, ToolResult, UsageEvent
from agent_engine.task_progress import MOST_CHARACTERS, TaskProgress

CALL = ToolCall(call_id="1", server="github", tool="issue_read")
RESULT = ToolResult(call_id="1", server="github", tool="issue_read", ok=True, text="x")


def turns(number: int) -> UsageEvent:
    """Make the CLI's word on how many turns its run took so far."""
    return UsageEvent(usage=Usage(turns=number))


def progress(*now: Body, earlier: Sequence[Sequence[Body]] = ()) -> TaskProgress:
    """Follow an attempt after earlier ones."""
    followed = TaskProgress()
    for attempt, bodies in enumerate([*earlier, now], 1):
        for body in bodies:
            followed.observe(attempt, body)
    return followed


def test_turns_and_calls_add_up_over_attempts() -> None:
    """Each attempt counts with the most turns that its CLI told, and every call of a tool."""
    followed = progress(
        CALL,
        turns(1),
        turns(2),
        earlier=[[CALL, turns(1), turns(3), turns(3)], [], [CALL, CALL, turns(1)]],
    )
    assert (followed.turns, followed.calls) == (6, 4)
    assert (progress().turns, progress().calls) == (0, 0)


def test_the_last_words_are_those_after_the_last_answer() -> None:
    """Texts that follow one another belong together; a tool's answer begins anew, once the agent speaks again."""
    assert progress(Text(text="a"), CALL, RESULT, Text(text="b"), Text(text="c")).words == "b\n\nc"
    assert progress(Text(text="a"), CALL, RESULT, Text(text="  ")).words == "a"
    assert progress(CALL, RESULT).words is None


def test_what_an_earlier_attempt_said_is_not_lost() -> None:
    """Where this attempt said nothing, the last words are an earlier one's."""
    assert progress(turns(1), earlier=[[RESULT, Text(text="It is a bug.")]]).words == "It is a bug."
    assert progress(Text(text="No."), earlier=[[Text(text="It is a bug.")]]).words == "No."


def test_long_words_are_kept_by_their_end() -> None:
    """What is kept of endless words is bounded, and is what came last."""
    words = progress(Text(text="a" * MOST_CHARACTERS), Text(text="the end")).words
    assert words is not None
    assert len(words) == MOST_CHARACTERS
    assert words.endswith("a\n\nthe end")
