"""The parts of a run that need no CLI: lines, masks, the pace of starts, the stop signal, the worker's hardening."""

import asyncio
import json
import subprocess
import sys

import pytest
from agent_contracts.event import ToolCall
from agent_engine.engines.cli_run import TERM_SECONDS
from agent_engine.event_writer import masked
from agent_engine.lease import beat_seconds
from agent_engine.run_control import Pacer, Stop, StopSignal
from agent_engine.transcript import Lines, Transcript, mask_line, mask_lines
from hypothesis import given
from hypothesis import strategies as st
from service_kit.redact import Masker

SECRET = "task-token-0123456789"


@given(st.lists(st.binary(max_size=20).map(lambda line: line.replace(b"\n", b"")), max_size=8), st.integers(1, 7))
def test_lines_come_whole_however_they_are_cut(lines: list[bytes], size: int) -> None:
    """Whatever pieces the pipe gives, each line comes once, whole and in order; empty ones do not count."""
    stream, reader = b"\n".join(lines), Lines()
    found = [line for at in range(0, len(stream), size) for line in reader.feed(stream[at : at + size])]
    assert found + reader.end() == [line for line in lines if line]


def test_a_line_over_the_limit_is_dropped_and_the_next_is_read() -> None:
    """A line too long to keep is counted, and costs no memory."""
    reader = Lines(most_bytes=10)
    assert reader.feed(b"short\n" + b"x" * 8) == [b"short"]
    assert reader.feed(b"y" * 8) == []
    assert reader.feed(b"z" * 50 + b"\nnext\n") == [b"next"]
    assert reader.dropped == 1


def test_masked_lines_stay_json() -> None:
    """A secret in any string goes; a shape that would swallow the JSON around it is masked inside the strings."""
    key = "-----BEGIN PRIVATE KEY-----\nMIIB"
    line = json.dumps({"a": f"x {SECRET}", "b": [key, {"c": 1}]}).encode()
    masked = json.loads(mask_line(Masker([SECRET]), line))
    assert masked == {"a": "x [secret]", "b": ["[secret]", {"c": 1}]}


def test_a_line_with_half_a_character_is_masked() -> None:
    """A broken surrogate, which the CLI may print as an escape, becomes `?` where the line is written anew."""
    line = json.dumps({"a": "-----BEGIN PRIVATE KEY-----\nMIIB", "b": "\ud800"}).encode()
    assert json.loads(mask_line(Masker([SECRET]), line)) == {"a": "[secret]", "b": "?"}


def test_pieces_in_the_lines_of_a_text_are_masked() -> None:
    """The letter of a line end in JSON does not part the pieces of a token."""
    token = "Zq3xVb8LmPw5TnRk7YcDh2JfGs9Ea4Uo"
    pieces = "\n".join(token[start : start + 4] for start in range(0, 32, 4))
    assert json.loads(mask_line(Masker([token]), json.dumps({"a": pieces}).encode())) == {"a": "[secret]"}


def test_names_in_an_event_are_masked() -> None:
    """A secret goes from a tool's input wherever it stands, be it the name of a value."""
    call = ToolCall(call_id="1", tool="Bash", input={SECRET: 1, "in": [{f"x {SECRET}": "y"}]})
    told = masked(call, Masker([SECRET]))
    assert isinstance(told, ToolCall)
    assert told.input == {"[secret]": 1, "in": [{"x [secret]": "y"}]}


def test_a_session_ends_with_a_whole_line() -> None:
    """The CLI may be writing: a last line without its newline is left out."""
    assert mask_lines(Masker([SECRET]), b'{"a":1}\n{"b":2}\n{"c') == b'{"a":1}\n{"b":2}\n'
    assert mask_lines(Masker([SECRET]), b'{"c') == b""


def test_a_transcript_has_a_limit() -> None:
    """What does not fit is not kept, and that is known."""
    transcript = Transcript(Masker([SECRET]), most_bytes=12)
    transcript.add(b"0123456789")
    transcript.add(b"0123456789")
    assert transcript.full
    assert transcript.content() == b"0123456789\n"


def test_starts_are_paced() -> None:
    """Starts asked for at once come one by one; one asked for late does not wait."""
    pacer = Pacer(1.5)
    assert [pacer.delay(now) for now in (100.0, 100.0, 100.0, 200.0)] == [0, 1.5, 3.0, 0]


async def test_the_first_reason_to_stop_stands() -> None:
    """A signal is given once; a later reason changes nothing."""
    stop = StopSignal()
    waiting = asyncio.create_task(stop.wait())
    stop.set(Stop.CANCELLED)
    assert not stop.lost
    stop.set(Stop.LOST_LEASE)
    await waiting
    assert stop.reason is Stop.CANCELLED


async def test_a_lease_that_is_lost_is_known_whatever_the_reason_to_stop() -> None:
    """A run that was told to stop before its lease was lost may write no more all the same."""
    stop = StopSignal()
    stop.set(Stop.SHUTDOWN)
    stop.set(Stop.LOST_LEASE)
    assert stop.lost


@pytest.mark.parametrize("lease", [1.0, 30.0, 3600.0])
def test_a_cancel_is_heard_in_time_whatever_the_lease(lease: float) -> None:
    """Four beats fit into a lease, and a cancel that no notification told of ends its run within ten seconds."""
    assert beat_seconds(lease) <= lease / 4
    assert beat_seconds(lease) + TERM_SECONDS < 10


def test_a_hardened_worker_is_not_dumpable() -> None:
    """The kernel then shows its memory and environment to no other process of its uid."""
    code = (
        "import ctypes, resource; from agent_engine.hardening import harden; harden();"
        "print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == "0 (0, 0)\n"
