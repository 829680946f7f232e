"""Which MCP servers stopped answering during a run: the engine then reports an error of its own in place of a reply."""

from collections.abc import Callable

from agent_contracts.event import Body, ToolResult

from agent_engine.evidence import named


class McpLiveness:
    """Watches the tool results of one run, refs recomputed.

    Args:
        is_lost: says whether an error is the engine's own word that a server did not answer.

    Attributes:
        lost: the servers whose last call got no answer, each with its tool and the CLI's word.
    """

    def __init__(self, is_lost: Callable[[str], bool]) -> None:
        self._is_lost = is_lost
        self.lost: dict[str, str] = {}

    def observe(self, body: Body) -> None:
        """Note a tool result: any answer of a server, also an error, means that the server is there."""
        if not isinstance(body, ToolResult) or body.server is None:
            return
        if body.ok or body.ref is not None:
            self.lost.pop(body.server, None)
        elif not body.denied and self._is_lost(body.text):
            self.lost[body.server] = f"{named(body)}: {body.text}"
