"""What the Claude CLI says in place of a tool's reply where an MCP server went away; as version 2.1.329 words it."""

import re

LOST = (
    r'MCP server "[^"\n]+" tool "[^"\n]+" timed out after \d+s',
    r'MCP server "[^"\n]+" is not connected',
    r'MCP server "[^"\n]+" session expired',
    r'MCP server "[^"\n]+" connection closed before the tool call (?:ran|was answered\..*)',
    r'MCP server "[^"\n]+" never answered tool "[^"\n]+"\..*',
    r"(?:MCP error -32000: )?Connection closed",
    r"(?:ECONNRESET|ECONNREFUSED): .*",
    r"Error POSTing to endpoint \(HTTP (?:404|5\d\d)\): (?s:.*)",
    r"Error POSTing to endpoint: Internal Server Error",
    "Invalid request parameters",
)
"""Seen with servers that were killed or stopped, during a call or between two, and that came back or did not. The last
is from a server that is back, over SSE: its SDK answers so to a client that has not made itself known to it."""
ONE_OF_THEM = re.compile("|".join(LOST))


def is_lost(error: str) -> bool:
    """Say whether a tool's whole error is one of them."""
    return ONE_OF_THEM.fullmatch(error) is not None
