"""One app factory for all MCP servers: transports, grants, reply budget, errors, refs."""
