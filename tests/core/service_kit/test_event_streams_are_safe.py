"""What some readers of event streams take for the end of a line is escaped, and stays the same JSON."""

import json
from collections.abc import AsyncIterator
from itertools import pairwise

import httpx
import pytest
from fixtures.serving import serving
from hypothesis import given
from hypothesis import strategies as st
from service_kit.event_stream import LineEscaper, SafeEventStreams
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

HOSTILE = "one\u0085two\u2028three\u2029four é € 😀"


@given(st.text(alphabet="a\u0085\u2028\u2029\u20ac\u00c2é😀 "), st.lists(st.integers(0, 60), max_size=5))
def test_however_it_is_cut_it_says_the_same(text: str, cuts: list[int]) -> None:
    """Each chunk but the last leaves at most two bytes behind, and the whole is one line of the same JSON."""
    whole = json.dumps(text, ensure_ascii=False).encode()
    places = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    escaper = LineEscaper()
    sent = b"".join(escaper.feed(whole[start:end]) for start, end in pairwise(places))
    sent += escaper.end()
    assert json.loads(sent) == text
    assert len(sent.decode().splitlines()) == 1


@pytest.mark.parametrize(("path", "lines"), [("/events", 1), ("/json", 4)])
async def test_event_streams_alone_are_changed(path: str, lines: int) -> None:
    """Events come whole to a reader that splits at every separator; any other reply stays byte for byte."""

    async def events(_: Request) -> Response:
        async def parts() -> AsyncIterator[bytes]:
            for byte in f"data: {json.dumps(HOSTILE, ensure_ascii=False)}\n\n".encode():
                yield bytes([byte])

        return StreamingResponse(parts(), media_type="text/event-stream")

    async def document(_: Request) -> Response:
        return JSONResponse(HOSTILE)

    app = SafeEventStreams(Starlette(routes=[Route("/events", events), Route("/json", document)]))
    async with serving(app) as url, httpx.AsyncClient(verify=False) as http:
        text = (await http.get(url + path)).text
    assert len([line for line in text.splitlines() if line]) == lines
    assert json.loads(text.removeprefix("data: ")) == HOSTILE
