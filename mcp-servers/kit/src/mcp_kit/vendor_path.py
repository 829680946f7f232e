"""Paths of a vendor's REST: what a caller named is one part of the path and cannot lead out of it. Pure."""

from typing import NewType
from urllib.parse import quote

from service_kit.path_segments import is_plain

from mcp_kit.errors import WrongArguments
from mcp_kit.shown_names import show_name

VendorPath = NewType("VendorPath", str)
"""A path whose parts are quoted; `path_of` makes it."""


def path_of(template: str, *parts: str | int) -> VendorPath:
    """Return the template with each `{}` filled in by a quoted part.

    Raises:
        WrongArguments: a part, or what a slash parts in it, can be no name; see `is_plain`.
    """
    for part in map(str, parts):
        if not all(map(is_plain, part.split("/"))):
            raise WrongArguments(
                f"{show_name(part[:100])} cannot be a name; nothing was sent.",
                next_step="Give the name as it is shown.",
            )
    return VendorPath(template.format(*(quote(str(part), safe="") for part in parts)))
