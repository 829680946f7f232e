"""A vendor that answers at once: one issue, and comments that are made with what was sent."""

import itertools
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

REPOSITORY = "octocat/hello-world"
ADDRESS = f"https://api.github.com/repos/{REPOSITORY}"
USER = {"login": "agent-bot", "id": 1, "type": "Bot"}
ISSUE = {
    "id": 1,
    "number": 1,
    "title": "It crashes",
    "body": "An error. " * 150,
    "state": "open",
    "user": USER,
    "labels": [{"id": number, "name": f"label-{number}", "color": "ffffff"} for number in range(4)],
    "url": f"{ADDRESS}/issues/1",
    "repository_url": ADDRESS,
    "html_url": f"https://github.com/{REPOSITORY}/issues/1",
}
numbers = itertools.count(1)


async def issue(_: Request) -> JSONResponse:
    """Give the issue."""
    return JSONResponse(ISSUE)


async def comment(request: Request) -> JSONResponse:
    """Make a comment."""
    number = next(numbers)
    made = {
        "id": number,
        "url": f"{ADDRESS}/issues/comments/{number}",
        "issue_url": ISSUE["url"],
        "html_url": f"{ISSUE['html_url']}#issuecomment-{number}",
        "user": USER,
        "body": (await request.json())["body"],
    }
    return JSONResponse(made, 201)


if __name__ == "__main__":
    at = f"/repos/{REPOSITORY}/issues/1"
    app = Starlette(routes=[Route(at, issue), Route(f"{at}/comments", comment, methods=["POST"])])
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), http="h11", log_config=None, access_log=False)
