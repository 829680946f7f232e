"""Which texts can be one segment of a vendor's path: servers refuse all others, and so do gateways."""

from urllib.parse import unquote

from service_kit.untrusted_text import is_control


def is_plain(segment: str) -> bool:
    """Return whether a segment can be nothing but a name: also where it is decoded again, or a backslash is a slash."""
    for read in (segment, unquote(segment)):
        parts = read.replace("\\", "/").split("/")
        if "/" in read or not {"", ".", ".."}.isdisjoint(parts) or any(map(is_control, read)):
            return False
    return True
