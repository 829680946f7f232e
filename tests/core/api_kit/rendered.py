"""What a text shows once it is rendered: by CommonMark with tables, its HTML kept, and a reader of that HTML."""

import re
from html.parser import HTMLParser

from markdown_it import MarkdownIt

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
LOADING = {"img", "image", "picture", "source", "video", "audio", "track", "iframe", "object", "embed", "svg", "input"}
NAME = re.compile(r"(?<![A-Za-z0-9])@[A-Za-z0-9]")


class Rendered(HTMLParser):
    """What is shown of a text.

    Attributes:
        images: the attributes of each element that loads something.
        mentions: the names that are called, outside of code.
        codes: the texts in code.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.images: list[dict[str, str | None]] = []
        self.mentions: list[str] = []
        self.codes: list[str] = []
        self._depth = 0
        self.feed(MARKDOWN.render(text))
        self.close()

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """Read `<![` as HTML does: a comment up to the next `>`."""
        end = self.rawdata.find(">", i)
        return end + 1 or -1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what loads, and where code begins."""
        self._depth += tag == "code"
        if tag in LOADING:
            self.images.append(dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        """Note where code ends."""
        self._depth -= tag == "code" and self._depth > 0

    def handle_data(self, data: str) -> None:
        """Note who is called."""
        if self._depth:
            self.codes.append(data)
        else:
            self.mentions += NAME.findall(data)
