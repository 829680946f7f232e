"""How alike two issues are: the share of rare words, those of the title counted double. Pure.

Where words have no blanks between them, as in Chinese, Japanese and Thai, each two letters in a row count as a word.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence

from service_kit.untrusted_text import clean, normalize

TAG = re.compile(r"<!--.*?(?:-->|\Z)|[<\u2039]/?[A-Za-z][^<>\u2039]*>", re.DOTALL)
"""Comments and tags, those that cleaning has broken too: no reader of the issue sees them."""
HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
HIRAGANA = "\u3041-\u309f"
RUNS = "\u0e01-\u0eff\u1000-\u109f\u1780-\u17d3\u30a1-\u30ff\u1100-\u11ff\uac00-\ud7af"
"""Thai, Lao, Burmese, Khmer, Katakana, and Hangul, whose words are short and end in many ways."""
PAIRED = re.compile(f"[{HAN}{HIRAGANA}{RUNS}]+")
LETTERS = rf"(?:(?!{PAIRED.pattern})[^\W_]){{3,40}}"
WORD = re.compile(f"{PAIRED.pattern}|{LETTERS}")
SEARCHED = re.compile(f"[{HAN}]{{2}}|[{RUNS}]{{2,40}}|{LETTERS}")
"""What a search engine is likely to have as a word: two Han letters, and a whole run of the others but Hiragana."""
COMMON = frozenset(
    re.findall(
        r"\w+",
        "the and for with that this from when have has are was were not but you can does did out into after before "
        "about how why what where which there their then than its also all any our your issue bug error please would "
        "should could will just get got using use used",
    )
)
CHARACTERS = 4_000
"""How much of a text counts, once it is cleaned of what nobody sees."""


def words(text: str) -> list[str]:
    """Return the words that say something, in lower case, plurals without their s."""
    return [word for found in _found(WORD, text) for word in _pairs(found)]


def weigh(title: str, body: str) -> Counter[str]:
    """Count a text's words, those of the title double."""
    counted = Counter(words(body))
    for word in words(title):
        counted[word] += 2
    return counted


def keywords(title: str, body: str, most: int) -> list[str]:
    """Return the words to search by: the title's longest first, then the body's most frequent."""
    first = sorted(dict.fromkeys(_found(SEARCHED, title)), key=len, reverse=True)
    rest = [word for word, _ in Counter(_found(SEARCHED, body)).most_common(most)]
    return list(dict.fromkeys([*first, *rest]))[:most]


def rank(wanted: Counter[str], others: Sequence[Counter[str]]) -> list[float]:
    """Return each text's likeness to the wanted one, 0 to 1: the cosine over words weighted by their rarity."""
    spread = Counter(word for text in (wanted, *others) for word in set(text))
    total = len(others) + 1
    rarity = {word: math.log((1 + total) / (1 + count)) + 0.1 for word, count in spread.items()}

    def vector(text: Counter[str]) -> dict[str, float]:
        weighted = {word: (1 + math.log(count)) * rarity[word] for word, count in text.items()}
        length = math.sqrt(sum(value * value for value in weighted.values())) or 1.0
        return {word: value / length for word, value in weighted.items()}

    target = vector(wanted)
    return [sum(value * target.get(word, 0.0) for word, value in vector(text).items()) for text in others]


def _found(pattern: re.Pattern[str], text: str) -> list[str]:
    plain = TAG.sub(" ", normalize(clean(text[: 4 * CHARACTERS])))
    found = (word.casefold() for word in pattern.findall(plain[:CHARACTERS]))
    return [word.removesuffix("s") if len(word) > 4 else word for word in found if word not in COMMON]


def _pairs(word: str) -> list[str]:
    """Return a word as it is, or of a run without blanks each two letters that follow one another."""
    if len(word) < 3 or not PAIRED.match(word):
        return [word]
    return [word[place : place + 2] for place in range(len(word) - 1)]
