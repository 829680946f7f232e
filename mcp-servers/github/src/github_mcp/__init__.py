"""The GitHub MCP server."""
