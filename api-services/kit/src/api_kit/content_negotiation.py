"""Media types: what a caller accepts, out of the closed list of a route; exactly one is asked of the vendor."""

from collections.abc import Sequence

from api_kit.errors import Refusal

ANY = frozenset({"*/*", "application/*"})


def choose(accepted: Sequence[str], offered: Sequence[str]) -> str:
    """Return the first accepted media type that the route offers; weights are not read.

    Without an Accept header any type is accepted, and the first that is offered is returned.

    Raises:
        Refusal: `media_type`: the route gives none of them.
    """
    types = [item.partition(";")[0].strip().lower() for value in accepted for item in value.split(",")]
    for media in types:
        if media in offered:
            return media
    if not types or not ANY.isdisjoint(types):
        return offered[0]
    listed = ", ".join(offered)
    raise Refusal("media_type", f"{', '.join(types)[:200]!r} is not among the media types of this route ({listed})")
