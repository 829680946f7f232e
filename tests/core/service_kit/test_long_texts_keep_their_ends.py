"""Of a text that is too long to keep, whole lines of both ends stay, and what lies between is counted."""

from collections.abc import AsyncIterator

from hypothesis import given
from hypothesis import strategies as st
from service_kit.text_ends import Room, TextEnds, read_ends

CHUNKS = st.lists(st.binary(max_size=60).map(lambda raw: raw.replace(b"\0", b"\n")), max_size=40)


async def flowing(chunks: list[bytes]) -> AsyncIterator[bytes]:
    """Give the chunks one by one."""
    for chunk in chunks:
        yield chunk


@given(CHUNKS, st.integers(0, 80), st.integers(1, 80))
async def test_nothing_is_lost_uncounted(chunks: list[bytes], head: int, tail: int) -> None:
    """Both ends are the text's own, within their room, and the bytes and line ends between them are counted."""
    text = b"".join(chunks)
    kept = await read_ends(flowing(chunks), Room(head, tail))
    assert text.startswith(kept.head)
    assert text.endswith(kept.tail)
    assert len(kept.head) + kept.left_out_bytes + len(kept.tail) == len(text)
    assert len(kept.head) <= head + tail
    assert len(kept.tail) <= tail
    between = text[len(kept.head) : len(text) - len(kept.tail)]
    assert kept.left_out_lines == between.count(b"\n")


@given(CHUNKS)
async def test_a_reply_tells_what_was_left_out(chunks: list[bytes]) -> None:
    """Who reads a gateway's reply by its header gets what the gateway kept."""
    kept = await read_ends(flowing(chunks), Room(20, 30))
    assert TextEnds.read(kept.head + kept.tail, kept.headers) == kept


def test_another_header_means_nothing() -> None:
    """A header that is not ours leaves the text as it came."""
    for value in ("after=1", "after=x; bytes=1; lines=1", "", "after=1; bytes=99999999999999999; lines=1"):
        assert TextEnds.read(b"text", {"x-agent-text-cut": value}) == TextEnds(b"text")
