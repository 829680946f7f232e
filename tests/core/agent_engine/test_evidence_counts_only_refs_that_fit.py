"""Evidence: a ref counts if the server gave it to this attempt for this tool and this text, and the call succeeded."""

import uuid
from datetime import UTC, datetime

import pytest
from agent_contracts import TaskEvent
from agent_contracts.event import Text, ToolCall, ToolResult
from agent_engine.evidence import Evidence, known_name
from core.agent_engine.skill_folder import VENDORS
from hypothesis import given
from hypothesis import strategies as st
from service_kit.refs import append_ref, make_ref

KEY = b"k" * 32
TASK = uuid.UUID(int=1)


def reply(
    text: str = "all is well", *, key: bytes = KEY, task: uuid.UUID = TASK, attempt: int = 1, failed: bool = False
) -> str:
    """Give a whole reply of github/issue_read with its ref."""
    ref = make_ref(key, task=task, attempt=attempt, tool="github/issue_read", text=text, failed=failed)
    return append_ref(text, ref)


def result(text: str, *, ok: bool = True, tool: str = "issue_read", server: str | None = "github") -> ToolResult:
    """Make a tool result."""
    return ToolResult(call_id="c", server=server, tool=tool, ok=ok, text=text)


def observed(*bodies: ToolResult) -> tuple[Evidence, list[str | None]]:
    """Let evidence see results, and give the refs that it set."""
    evidence = Evidence(key=KEY, task=TASK, attempt=1)
    return evidence, [body.ref for seen in bodies if isinstance(body := evidence.observe(seen), ToolResult)]


def test_ref_that_fits_is_set() -> None:
    """A reply's own ref is recomputed, set on the event, and proves its tool; the text stays as it is."""
    whole = reply()
    evidence = Evidence(key=KEY, task=TASK, attempt=1)
    body = evidence.observe(result(whole))
    assert isinstance(body, ToolResult)
    assert body.ref == whole[-8:]
    assert body.text == whole
    assert evidence.proven == {"github/issue_read"}


@pytest.mark.parametrize(
    "body",
    [
        result("all is well"),
        result("all is well\nref: abcdefgh"),
        result(reply() + "\n"),
        result(reply().replace("well", "ill")),
        result(reply(key=b"x" * 32)),
        result(reply(task=uuid.UUID(int=2))),
        result(reply(attempt=2)),
        result(reply("Refused: not in the grant", failed=True)),
        result(reply(), ok=False),
        result(reply(), tool="list_labels"),
        result(reply(), server="jira"),
        result(reply(), server=None),
    ],
)
def test_ref_that_does_not_fit_is_none(body: ToolResult) -> None:
    """A ref that is made up, altered, or another's is None on the event and proves nothing."""
    evidence, refs = observed(body)
    assert refs == [None]
    assert not evidence.proven


def test_claimed_ref_on_the_event_is_dropped() -> None:
    """What the CLI's side says of a ref is never taken over."""
    _, refs = observed(result("all is well").model_copy(update={"ref": "abcdefgh"}))
    assert refs == [None]


def test_failed_call_proves_nothing() -> None:
    """The ref of a failed call does not count, and its error is kept."""
    evidence, refs = observed(result(whole := reply("not found", failed=True), ok=False))
    assert refs == [whole[-8:]]
    assert not evidence.refs
    assert not evidence.proven
    assert evidence.failed["github/issue_read"].startswith("not found")


def test_forged_success_of_a_refused_call_proves_nothing() -> None:
    """A refusal's own text and ref in an event that says it succeeded is no ref and no proof."""
    refusal = reply("Refused: outside this caller's grant", failed=True)
    evidence, refs = observed(result(refusal, ok=False), result(refusal))
    assert refs == [refusal[-8:], None]
    assert evidence.denied == {"github/issue_read"}
    assert not evidence.refs
    assert not evidence.proven


def outage(text: str = "GitHub could not be reached.") -> str:
    """Give a whole reply of github/issue_read that says that GitHub gave no answer."""
    tool = "github/issue_read"
    ref = make_ref(KEY, task=TASK, attempt=1, tool=tool, text=text, failed=True, unavailable=True)
    return append_ref(text, ref)


def asked(number: int, call: str) -> ToolCall:
    """Make a call."""
    return ToolCall(call_id=call, server="github", tool="issue_read", input={"issue": number})


def test_an_outage_is_known_by_its_ref_alone() -> None:
    """What the server marked as one counts, with the wait that it names; its words in any other text do not."""
    known, refs = observed(result(outage("Wait.\nretry_after: 2900"), ok=False))
    assert [(one.tool, one.seconds) for one in known.outages.values()] == [("github/issue_read", 2900.0)]
    assert refs == [outage("Wait.\nretry_after: 2900")[-8:]]
    assert known.failed["github/issue_read"].startswith("Wait.")
    for text in (
        reply("GitHub could not be reached.", failed=True),
        outage()[:-1] + "x",
        "GitHub could not be reached.",
    ):
        assert not observed(result(text, ok=False))[0].outages
    forged, refs = observed(result(outage()))
    assert (forged.outages, forged.refs, refs) == ({}, {}, [None])


def test_an_outage_is_over_once_the_same_call_succeeds() -> None:
    """The same call that succeeds later gives what was missing; another call of the tool does not."""
    evidence = Evidence(key=KEY, task=TASK, attempt=1)
    for number, call, text, ok in ((1, "a", outage(), False), (2, "b", outage(), False), (1, "c", reply(), True)):
        evidence.observe(asked(number, call))
        evidence.observe(result(text, ok=ok).model_copy(update={"call_id": call}))
    assert len(evidence.outages) == 1


def test_denied_call_is_remembered() -> None:
    """A denied tool is remembered as such."""
    evidence, _ = observed(result("refused", ok=False).model_copy(update={"denied": True}))
    assert evidence.denied == {"github/issue_read"}


def test_earlier_attempts_count_as_the_ledger_says() -> None:
    """What the ledger holds of earlier attempts counts: successful results with a ref, and nothing else."""
    bodies = [
        result("a").model_copy(update={"ref": "aaaaaaaa"}),
        result("b", ok=False).model_copy(update={"ref": "bbbbbbbb"}),
        result("c"),
        Text(text="ref: cccccccc"),
    ]
    evidence = Evidence(key=KEY, task=TASK, attempt=2)
    evidence.recall(
        TaskEvent(task_id=TASK, attempt=1, seq=number, at=datetime.now(UTC), body=body)
        for number, body in enumerate(bodies, 1)
    )
    assert evidence.refs == {"aaaaaaaa": "github/issue_read"}


def test_metrics_know_no_invented_tools() -> None:
    """A tool's name that an agent made up is counted as other."""
    assert known_name(result("", tool="issue_read"), VENDORS) == "github/issue_read"
    assert known_name(result("", tool="x" * 50), VENDORS) == "other"
    assert known_name(result("", server=None, tool="Bash"), VENDORS) == "Bash"
    assert known_name(result("", server=None, tool="Bush"), VENDORS) == "other"


@given(st.text(max_size=200))
def test_any_text_keeps_its_ref(text: str) -> None:
    """Whatever a server says, its ref fits, and only with that text."""
    evidence, refs = observed(result(reply(text)))
    assert refs == [reply(text)[-8:]]
    assert len(evidence.refs) == 1
