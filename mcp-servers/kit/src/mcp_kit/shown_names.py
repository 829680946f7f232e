"""Names as replies show them: what a reader cannot see in one is spelled out, and an argument takes it as shown. Pure.

So a shown name leads back to the thing, and a name with hidden characters looks different from one without.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator
from service_kit.untrusted_text import FENCE_LOOKALIKE, MARKUP, MOST_MARKS, is_hidden

from mcp_kit.errors import Quoted, WrongArguments

SPELLED = re.compile(r"<U\+(?!0*D[89A-F][0-9A-F]{2}>)0*(10[0-9A-F]{4}|[0-9A-F]{1,5})>", re.IGNORECASE)
"""A character by its number, as in `<U+FE0F>`; surrogates are no characters."""
UNSAFE = re.compile(r'["\\]|\A |(?<= ) | \Z')
"""What quoting or copying could lose: quotes, backslashes, blanks at an end or beside another."""
MOST_COMPARED = 1_000
"""Characters of a name by which its lookalikes are found."""


def show_name(name: str) -> str:
    """Return a name between quotes, whole; what stands between them is the name as `read_name` takes it.

    Spelled out are hidden characters, blanks that are easily lost, letters that text processing composes anew, and
    what imitates markup.
    """
    spelled = {match.start() for pattern in (UNSAFE, MARKUP, SPELLED) for match in pattern.finditer(name)}
    spelled |= {match.start(2) for match in FENCE_LOOKALIKE.finditer(name)}
    if not (name.isascii() and name.isprintable()):
        spelled |= set(_lost(name))
    return f'"{"".join(_number(one) if place in spelled else one for place, one in enumerate(name))}"'


def read_name(shown: str) -> str:
    """Return the name that was shown; a name that is given as it is stays."""
    return SPELLED.sub(lambda found: chr(int(found[1], 16)), shown)


Name = Annotated[str, AfterValidator(read_name)]
"""An argument that names a thing of the vendor's, or holds such a name: it is taken as replies show it."""


def find_known(given: Sequence[str], known: Sequence[str], *, fold: Callable[[str], str], what: str) -> list[str]:
    """Return each given name as it is known at the vendor, and a new one as it is given.

    A name that differs from a known one in nothing that a reader sees is meant to be it.

    Args:
        given: the names of a write.
        known: the vendor's.
        fold: makes names alike that the vendor takes for the same.
        what: one of the things, in our words: `label`.

    Raises:
        WrongArguments: several known names look alike.
    """
    same = {fold(name): name for name in known}
    alike: dict[str, list[str]] = {}
    for name in known:
        alike.setdefault(_look(name), []).append(name)
    found = []
    for name in given:
        candidates = [same[fold(name)]] if fold(name) in same else alike.get(_look(name), [name])
        if len(candidates) > 1:
            raise WrongArguments(
                f"Several names look like a {what} that was given; nothing was sent.",
                quoted=Quoted(f"{what} names alike", " ".join(map(show_name, candidates))),
                next_step="Give the one that is meant as it is shown.",
            )
        found += candidates
    return found


def _lost(name: str) -> Iterator[int]:
    """Yield the places of characters that nobody sees, and of those that text processing may join to what is before."""
    run = ""
    for place, character in enumerate(name):
        run = run + character if unicodedata.combining(character) else run[-1:] + character
        if (
            _is_unseen(character)
            or len(run) > MOST_MARKS
            or not (run.isascii() or unicodedata.is_normalized("NFC", run))
        ):
            yield place
            run = ""


@lru_cache(maxsize=4096)
def _is_unseen(character: str) -> bool:
    return is_hidden(character) or (unicodedata.category(character) == "Zs" and character != " ")


@lru_cache(maxsize=4096)
def _number(character: str) -> str:
    return f"<U+{ord(character):04X}>"


def _look(name: str) -> str:
    """Return what a reader tells a name by: neither hidden characters, nor blanks, nor case."""
    seen = "".join(" " if is_hidden(one) and one.isspace() else "" if is_hidden(one) else one for one in name)
    return " ".join(unicodedata.normalize("NFKC", seen[:MOST_COMPARED]).casefold().split())
