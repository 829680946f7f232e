"""Foreign text is data that strangers wrote. It is cleaned of hidden characters and imitated markup, and fenced."""

import re
import secrets
import unicodedata
from functools import cache
from typing import Literal

ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|[ -/]*[0-~])?"
)
INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
SEPARATORS = re.compile("[\x0b\x0c\x85\u2028\u2029]")
"""What parts lines or words beside newlines and blanks."""
REF_LOOKALIKE = re.compile(r"(?im)^([ \t>*`-]*ref\s*):")
MARKUP = re.compile(
    r"(?i)<(?=\s*(?:/\s*)?(?:system(?:-[\w-]+)?|human|assistant|antml:\w+|invoke|function_(?:calls?|results?)"
    r"|tool_(?:use|calls?|results?)|(?:local-)?command-[\w-]+|foreign-\w+)\b)"
)
"""Tags that a CLI or Agent Bot gives a meaning; other tags are ordinary in code and stay."""
UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
FENCE_LOOKALIKE = re.compile(r"(?i)(foreign)(\s*-\s*)(?=[0-9a-f]{8})")
PHRASES = re.compile("[\ufdfa\ufdfb]")
"""Characters that stand for a phrase of up to 18; any other becomes at most 7."""
MOST_MARKS = 30
"""Combining marks in a row that a text keeps, as in Unicode's Stream-Safe Text Format (UAX 15)."""


def clean(text: str) -> str:
    """Remove control, bidi and zero-width characters and break what imitates our own or a CLI's markup.

    Line ends become newlines, and other separators blanks; tabs stay. A `ref:` at a line's start, a tag such as
    `<system-reminder>` and our own fence keep their letters but lose their form.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = INVISIBLE.sub("", SEPARATORS.sub(" ", ESCAPES.sub("", text)))
    text = REF_LOOKALIKE.sub("\\1\u2236", text)
    text = MARKUP.sub("\u2039", text)
    return FENCE_LOOKALIKE.sub("\\1\u2010", text)


def alterations(text: str) -> list[str]:
    """Return what `clean` does not show of a text as it is, for whoever may write it back."""
    ends, pairs = text.count("\n"), text.count("\r\n")
    plain = ESCAPES.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    spaced, separators = SEPARATORS.subn(" ", plain)
    shown = INVISIBLE.sub("", spaced)
    counts = {
        f"{pairs} of its {ends} line ends are CRLF": pairs if pairs < ends else 0,
        "its line ends are CRLF": pairs if pairs == ends else 0,
        "{} single CRs are shown as line ends": text.count("\r") - pairs,
        "{} hidden characters are left out": len(text) - pairs - len(plain) + len(spaced) - len(shown),
        "{} separators are shown as blanks": separators,
        "{} signs are shown as lookalikes": sum(
            len(one.findall(shown)) for one in (REF_LOOKALIKE, MARKUP, FENCE_LOOKALIKE)
        ),
    }
    return [said.format(count) for said, count in counts.items() if count]


def clean_line(text: str, limit: int = 300) -> str:
    """Return a name or title cleaned for use inside a line: one line, bounded, with a sign where it was cut."""
    line = " ".join(clean(text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def normalize(text: str, form: Literal["NFKC", "NFKD"] = "NFKC") -> str:
    """Return a text in a compatibility form, in linear time and of at most seven times the length.

    Phrases in one character go, and of a run of combining marks all but the first: to sort a run takes the square of
    its length.
    """
    if text.isascii():
        return text
    text = re.sub(rf"({marks()}{{{MOST_MARKS}}}){marks()}+", r"\1", PHRASES.sub("", text))
    return unicodedata.normalize(form, text)


@cache
def marks() -> str:
    """Return the class, for a regular expression, of what begins with a combining mark once it is decomposed."""
    known = (chr(code) for code in range(0x300, 0x20000))
    return f"[{''.join(one for one in known if unicodedata.combining(unicodedata.normalize('NFKD', one)[0]))}]"


def is_control(character: str) -> bool:
    """Return whether a character is a control, a surrogate, or a line or paragraph separator."""
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")


def is_hidden(character: str) -> bool:
    """Return whether a reader of plain text does not see a character, or cannot know which one it is."""
    return bool(INVISIBLE.match(character)) or unicodedata.category(character) in UNSEEN


def new_nonce() -> str:
    """Return the nonce of a fence; every reply has its own."""
    return secrets.token_hex(4)


def fence(text: str, *, label: str, nonce: str) -> str:
    """Return cleaned text between two lines that carry this reply's nonce, which the text cannot know.

    `label` describes the text in our words, such as `issue body by @octocat`; it is cleaned too.
    """
    return f"<foreign-{nonce} {clean_line(label)!r}>\n{clean(text)}\n</foreign-{nonce}>"


def for_terminal(text: str) -> str:
    """Return text without escape sequences and without control characters other than newline and tab."""
    return INVISIBLE.sub("", ESCAPES.sub("", text.replace("\r\n", "\n")))
