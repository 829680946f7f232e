"""Web addresses that are shown outside of a fence: of a form in which nobody can write a sentence."""

import re

ADDRESS = re.compile(r"https?://[A-Za-z0-9.:-]+/(?:[A-Za-z0-9._~/#@+:,=-]|%[0-9A-Fa-f]{2}){1,300}")


def plain_address(url: str | None) -> str:
    """Return a web address if it is one and nothing else, or an empty text."""
    return url if url and ADDRESS.fullmatch(url) else ""


def shown_address(url: str) -> str:
    """Return a web address behind a colon; a full stop where it is no plain one."""
    return f": {url}" if plain_address(url) else "."
