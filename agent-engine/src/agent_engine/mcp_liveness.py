"""Which MCP servers a run has lost on its way, by the CLI's own errors in place of their replies."""

from collections.abc import Callable

from agent_contracts.event import Body, ToolResult

from agent_engine.evidence import named


class McpLiveness:
    """Watches the tool results of one run, refs recomputed.

    Args:
        is_lost: says whether an error is the CLI's own word that a server did not answer.

    Attributes:
        lost: the servers whose last call got no answer, each with its tool and the CLI's word.
    """

    def __init__(self, is_lost: Callable[[str], bool]) -> None:
        self._is_lost = is_lost
        self.lost: dict[str, str] = {}

    def observe(self, body: Body) -> None:
        """Take a result: any answer of a server, an error of its own too, brings the server back."""
        if not isinstance(body, ToolResult) or body.server is None:
            return
        if body.ok or body.ref is not None:
            self.lost.pop(body.server, None)
        elif not body.denied and self._is_lost(body.text):
            self.lost[body.server] = f"{named(body)}: {body.text}"
