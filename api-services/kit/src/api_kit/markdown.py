"""Which parts of a Markdown text are surely code. Pure, in linear time.

CommonMark's blocks and spans depend on all that stands before them, so this reads, line by line, only what has one
reading: fenced blocks, and code spans that end in their own line. Where a second one is possible the part is text.
"""

import re
from dataclasses import dataclass, field

_ODD_LINES = re.compile("\r(?!\n)|[\x00\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
"""What some readers take for an end of a line and others do not."""
_LINE = re.compile(r"[^\n]*\n|[^\n]+\Z")
_FENCE = re.compile(r"[ \t]*(?P<marks>`{3,}(?=[^`]*\Z)|~{3,})")
_BLANKS = re.compile(r"[ \t<]")
_TICKS = re.compile("`+")
_POINT = re.compile(r"\\[!-/:-@\[-`{-~]|`+|<(?=[A-Za-z/!?]|[^\s<>`]*`)|\](?=[(\[])|\$")
"""Where a span may begin, or what may swallow a backtick: an escape, a tag, a link's address or label, mathematics."""
_TARGET = re.compile(r"""\](?:\((?:[^`<()"'\\]++|\([^`<()"'\\]*+\))*+\)|\[[^`\]\\]*\])""")
_TAG = re.compile("<(?=[A-Za-z/!?])")
_WHOLE_TAG = re.compile(
    r"""<(?:!--[^<>`]*-->|/?[A-Za-z][^<>`"'=]*>|[A-Za-z][A-Za-z0-9+.-]*:[^<>`"' \t]*>"""
    r"""|[A-Za-z][A-Za-z0-9-]*(?:[ \t]+[A-Za-z][A-Za-z0-9_:-]*(?:="[^"<>`]*")?+)*+[ \t]*+/?>)"""
)
"""A tag that ends where it seems to, for readers of Markdown as for those of HTML."""
_RAW_TAG = re.compile(
    r"(?i)</?(?:pre|script|style|textarea|title|xmp|plaintext|listing|no[a-z]+|i?frame|frameset|template|select|option"
    r"|optgroup|svg|math)\b"
)
"""Elements whose content HTML, or CommonMark, reads in a way of its own."""
_CONTAINERS = r"(?:[ \t>*+-]|[0-9]+[.)]|\[\^[^\]]*\]:)*+"
_INNER_FENCE = re.compile(rf"{_CONTAINERS}(?:```|~~~)")
_BLOCK = re.compile(rf"{_CONTAINERS}<(?=[A-Za-z/!?])")
"""A line that may begin an HTML block, in a list or a quotation too."""
_COMMENT_LINE = re.compile(rf"{_CONTAINERS}<!--[^`<\]$]*-->[ \t]*\Z")


def code(text: str) -> list[tuple[int, int]]:
    """Find the parts of a text that are code in every reading, in order, as start and end."""
    reader = _Reader()
    if not _ODD_LINES.search(text):
        for line in _LINE.finditer(text):
            if not reader.read(line[0].rstrip("\r\n"), line.start(), line.end()):
                break
        else:
            reader.leave(len(text))
    return reader.parts


@dataclass
class _Reader:
    """What is known of the text so far.

    Attributes:
        fence: the marks, depth and start of the block that is open.
        blank: the line before was blank.
        unsure: until the next blank line a backtick may end what began earlier.
        html: until the next blank line this may be an HTML block.
        shaky: a fenced block in a list or quotation may be open that was not recognized.
    """

    parts: list[tuple[int, int]] = field(default_factory=list)
    fence: tuple[str, int, int] | None = None
    blank: bool = True
    unsure: bool = False
    html: bool = False
    shaky: bool = False

    def read(self, line: str, start: int, end: int) -> bool:
        """Read a line; False if nothing after it is sure."""
        bare = line.lstrip(" \t")
        if not bare:
            self.blank, self.unsure, self.html = True, False, False
            return True
        depth = len(line[: len(line) - len(bare)].expandtabs(4))
        if self.fence is not None:
            within = self._in_fence(bare.rstrip(" \t"), depth, start, end)
            if within is not None:
                return within
        blank, self.blank = self.blank, False
        if opening := _FENCE.match(line):
            if self.html or "|" in line or (self.shaky and 0 < depth <= 3):
                return False
            if depth == 0 or (not self.shaky and (depth <= 3 or blank)):
                self.fence = (opening["marks"], depth, start)
                self.unsure = False
                self.shaky = self.shaky and depth > 0
                return True
        self.shaky = self.shaky or _INNER_FENCE.match(line) is not None
        if _COMMENT_LINE.match(line):
            return True
        self.html = self.html or _BLOCK.match(line) is not None
        if self.html or self.unsure:
            return self._tags(line)
        return self._spans(line, start)

    def leave(self, place: int) -> None:
        """End the block that is open."""
        if self.fence is not None:
            self.parts.append((self.fence[2], place))
            self.fence = None

    def _in_fence(self, bare: str, depth: int, start: int, end: int) -> bool | None:
        """Read a line of a fenced block; None if the block ended before it.

        A block that is indented may be in a list, which a line of less depth ends, and the block with it.
        """
        assert self.fence is not None
        marks, least, _ = self.fence
        if depth < least:
            self.leave(start)
            return None if least > 3 and depth == 0 else False
        if len(bare) >= len(marks) and not bare.strip(marks[0]):
            if depth == least or (least == 0 and depth <= 3):
                self.leave(end)
            elif least:
                self.leave(start)
                return False
        return True

    def _spans(self, line: str, start: int) -> bool:
        found: list[tuple[int, int]] = []
        place = last = 0
        while point := _POINT.search(line, place):
            place = point.end()
            if point[0][0] == "`":
                word = _BLANKS.split(line[last : point.start()])[-1].lower()
                closing = _closing(line, point)
                if closing is None or "://" in word or "www." in word:
                    self.unsure = True
                else:
                    found.append((point.start(), closing))
                    place = last = closing
            elif point[0] == "<":
                self.unsure = not _WHOLE_TAG.match(line, point.start())
                if _is_raw(line, point.start()):
                    return self._keep(found, line, start, sure=False)
            elif point[0] in ("]", "$"):
                self.unsure = not _TARGET.match(line, point.start())
            if self.unsure:
                return self._keep(found, line, start, sure=self._tags(line, point.start()))
        return self._keep(found, line, start, sure=True)

    def _keep(self, found: list[tuple[int, int]], line: str, start: int, *, sure: bool) -> bool:
        """Keep the spans of a line, but where it may be a table's row: its cells end spans."""
        if "\\|" not in line and not any("|" in line[first:end] for first, end in found):
            self.parts += [(start + first, start + end) for first, end in found]
        return sure

    def _tags(self, line: str, place: int = 0) -> bool:
        """Return whether what follows a line that holds no sure code can still be read."""
        return not any(
            _is_raw(line, tag.start()) or (self.html and not _WHOLE_TAG.match(line, tag.start()))
            for tag in _TAG.finditer(line, place)
        )


def _is_raw(line: str, place: int) -> bool:
    """Return whether from a tag on HTML may be read in a way of its own."""
    if line[place + 1] in "!?":
        return not _WHOLE_TAG.match(line, place)
    return _RAW_TAG.match(line, place) is not None


def _closing(line: str, opening: re.Match[str]) -> int | None:
    for run in _TICKS.finditer(line, opening.end()):
        if len(run[0]) == len(opening[0]):
            return run.end()
    return None
