"""What became of a request, by the vendor's reply: done, refused, absent, limited or unknown, whatever its status."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, cast

from service_kit.http import Reply
from service_kit.json_text import Json
from service_kit.untrusted_text import clean_line

from api_kit.errors import Refusal

ABSENT = frozenset({404, 410})
LIMITED = 429
LONGEST_LIMIT_SECONDS = 3600.0


@dataclass(frozen=True)
class Classified:
    """What a reply says.

    Attributes:
        state: `done`; `refused`: nothing changed; `absent`: the thing asked about is not there; `limited`: refused for
            now; or `unknown`.
        seconds: how long the vendor limits requests, if it says so; 0 asks for no pause.
        words: the vendor's own words that help to correct the request.
    """

    state: Literal["done", "refused", "absent", "limited", "unknown"]
    seconds: float | None = None
    words: str | None = None

    def told(self, vendor: str, reply: Reply) -> str:
        """Return a sentence on what the vendor answered; its own words are cleaned and quoted."""
        said = f": {clean_line(self.words)!r}" if self.words else ""
        return f"{vendor} answered {reply.status}{said}"


Classify = Callable[[Reply], Classified]


def by_status(reply: Reply) -> Classified:
    """Classify a reply by its status, and with 429 by the seconds of Retry-After.

    302 and 303 may point to what was done; the other redirects ask for the same request elsewhere.
    """
    if reply.ok:
        return Classified("done")
    if reply.status == LIMITED:
        after = reply.headers.get("retry-after", "")
        seconds = min(float(after), LONGEST_LIMIT_SECONDS) if after.isascii() and after.isdigit() else None
        return Classified("limited", seconds)
    if reply.status >= 500 or reply.status in (302, 303):
        return Classified("unknown")
    return Classified("absent" if reply.status in ABSENT else "refused")


def is_json(reply: Reply) -> bool:
    """Return whether a reply claims to be JSON."""
    media = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    return bool(media == "application/json" or media.endswith("+json"))


def document_of(reply: Reply) -> Json:
    """Parse a JSON reply; return None for another content type.

    Raises:
        Refusal: `upstream_broken`: the reply claims to be JSON, and is not.
    """
    if not is_json(reply) or not reply.body:
        return None
    try:
        return cast(Json, json.loads(reply.body))
    except (ValueError, RecursionError):
        raise Refusal("upstream_broken", "the vendor's reply is not the JSON that it claims to be") from None
