"""Bare fastmcp with one tool that says a note back, as the kit's sample does: no policy, no metrics, no refs."""

import sys

import uvicorn
from fastmcp import FastMCP

server: FastMCP[None] = FastMCP("bench")


@server.tool(output_schema=None)
async def read_note(repository: str, text: str = "hello") -> str:
    """Say a note back."""
    return f"A note:\n{text}"


if __name__ == "__main__":
    app = server.http_app(path="/mcp", stateless_http=True)
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), http="h11", log_config=None, access_log=False)
