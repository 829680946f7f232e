"""A receiver of webhooks that keeps what it gets."""

from dataclasses import dataclass, field


@dataclass
class Receiver:
    """What a webhook's receiver got, and what it answers."""

    url: str = ""
    status: int = 202
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
