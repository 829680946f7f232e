"""How many tokens a request's input can come to at most, before the vendor has counted them. Pure."""

from collections.abc import Iterator

from model_api.dialects.messages.schema import CountRequest, Image, ToolResult

IMAGE_TOKENS = 5_000
"""More than an image comes to after the vendor has scaled it down (width x height / 750)."""
EXTRA_TOKENS = 1_000
"""What the vendor adds to a request: its words on tools, and marks between messages."""


def input_bound(body: CountRequest, size: int) -> int:
    """Return a bound by a body's bytes: no token is shorter than one, but for images, counted by their area."""
    images = list(_images(body))
    return size - sum(len(image.source.data) for image in images) + IMAGE_TOKENS * len(images) + EXTRA_TOKENS


def _images(body: CountRequest) -> Iterator[Image]:
    for message in body.messages:
        for block in message.content if isinstance(message.content, list) else ():
            inner = block.content if isinstance(block, ToolResult) and isinstance(block.content, list) else [block]
            yield from (one for one in inner if isinstance(one, Image))
