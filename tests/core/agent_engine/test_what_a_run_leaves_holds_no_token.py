"""Nothing that is kept of a run holds its tokens: not in bytes, in names, in pieces or turned around."""

import re

import agent_ledger
import pytest
from agent_engine.spec import RunSpec
from core.agent_engine.script import SESSION, answer, init, say, speak
from core.agent_engine.worker_place import Place

SIGNATURE = "S=${TOKEN##*.}"
LEFT = [
    SIGNATURE,
    "mkdir -p artifacts/$S",
    "printf 'a\\377 %s \\376' $TOKEN > artifacts/raw",
    "printf 'b\\377 %s' $S > artifacts/signature",
    "printf %s $TOKEN | rev > artifacts/reversed",
    "printf %s $S | sed 's/./&\\n/g' > artifacts/letters",
    "printf %s $TOKEN | base64 -w0 > artifacts/base64",
    "printf c > artifacts/name-$S",
    "printf d > artifacts/$S/in-a-folder",
    "L=$(printf %s $S | sed 's/..../&\\\\n/g')",
    f'printf \'{{"said": "%s"}}\\n\' $L >> $HOME/{SESSION}',
    'printf \'{"type": "system", "subtype": "told", "text": "%s"}\\n\' $L',
]


@pytest.mark.slow
async def test_no_token_is_kept(place: Place) -> None:
    """Artifacts, their names, transcript, session, events and result are free of every piece of the run's token."""

    def leak(spec: RunSpec) -> list[str]:
        halves = spec.model_token[:200], spec.model_token[200:]
        said = [speak(f"one {halves[0]} two {halves[1]}"), say({"type": "system", "text": spec.model_token[::-1]})]
        return [init(spec), *LEFT, *said, answer(structured_output={"output": {"answer": halves[1]}, "claims": []})]

    async with place.working(leak) as driver:
        task = await place.submit("plain")
        result = await place.result(task)
    (spec,) = driver.ran
    session = await agent_ledger.last_session(place.pool, task)
    assert result.status == "succeeded", result
    assert session is not None
    hashes = [one.sha256 for one in result.artifacts] + [session.sha256]
    blobs = [await agent_ledger.get_blob(place.pool, "default", one) or b"" for one in hashes]
    blobs += [await agent_ledger.get_transcript(place.pool, task) or b"", result.model_dump_json().encode()]
    blobs += [event.model_dump_json().encode() for event in await place.events(task)]
    kept = re.sub(rb"\\n|[^A-Za-z0-9]", b"", b" ".join(blobs))
    token = re.sub(rb"[^A-Za-z0-9]", b"", spec.model_token.encode())
    for whole in (token, token[::-1]):
        assert [start for start in range(len(whole) - 16) if whole[start : start + 16] in kept] == []
    assert len({one.name for one in result.artifacts}) == 7
    assert sum(blob.count(b"[secret]") > 0 for blob in blobs) >= 7
    assert {bytes(blob[:2]) for blob in blobs} >= {b"a\xff", b"b\xff"}, "what is no text stays as it is"
