"""Fifteen questions of every day: what must be in the answer, our calls for it, and those of github-mcp-server 1.10.

Each is asked with the fewest calls that give the complete answer, and each call with the arguments that make its reply
small. An agent knows the repository, and what the question says; what else it needs it finds by calls that count.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from stand_ins.github.records import Pull, Repository
from vendor.github_mcp import peer_shapes as shape
from vendor.github_mcp.everyday_world import FIRST, HELLO, LAST, LONG_FILE, PERSON, pulls_of

Calls = Sequence[tuple[str, dict[str, Any]]]
JSON = "application/vnd.github+json"
REPOSITORY = f"/repos/{HELLO}"
KEYS = (
    *("ci", "standing", "blame", "releases", "comments", "person", "files", "diff", "threads", "history", "branches"),
    *("search", "labels", "lines", "latest"),
)
BLAME = """
query {
  repository(owner: "octocat", name: "hello-world") {
    object(expression: "HEAD") {
      ... on Commit {
        blame(path: "hello/greet.py") {
          ranges {
            startingLine endingLine
            commit { oid messageHeadline committedDate author { name user { login } } }
          }
        }
      }
    }
  }
}
"""


@dataclass(frozen=True)
class Reply:
    """A reply of version 1.10: GitHub's own at a path, or to a GraphQL query, and what is made of it."""

    path: str
    shape: shape.Shape
    accept: str = JSON

    async def made(self, http: httpx.AsyncClient) -> Any:
        """Ask GitHub, and return what version 1.10 would say."""
        if not self.path.startswith("/"):
            response = await http.post("/graphql", json={"query": self.path})
        else:
            path = self.path if self.path.startswith("/search/") else f"{REPOSITORY}{self.path}"
            response = await http.get(path, headers={"accept": self.accept}, follow_redirects=True)
        response.raise_for_status()
        is_json = "json" in response.headers["content-type"]
        return self.shape(response.json() if is_json else response.text)


@dataclass(frozen=True)
class Question:
    """A question.

    Attributes:
        key: its short name.
        asked: in words.
        facts: regular expressions that must all be found in the replies, whatever their case.
        ours: our calls; each has the argument `repository` besides.
        peer: the replies of version 1.10.
    """

    key: str
    asked: str
    facts: tuple[str, ...]
    ours: Calls
    peer: tuple[Reply, ...]

    def missing(self, text: str) -> list[str]:
        """Return the facts that are not in the replies."""
        return [fact for fact in self.facts if not re.search(fact, text, re.IGNORECASE)]


def questions(hello: Repository) -> list[Question]:
    """Return the questions, with the facts that the stand-in holds."""
    history, of_5 = hello.history, {"pull_request": 5}
    head = hello.issues[5].pull
    assert head is not None
    own = pulls_of(hello, PERSON)
    return [
        Question(
            "ci",
            "What failed in CI on pull request 5?",
            (r"\btest\b", "test_folder_without_home", "RuntimeError: Could not determine home directory"),
            (
                ("pull_request_read", {**of_5, "method": "get_check_runs"}),
                ("get_job_logs", {"job_id": 7100004}),
            ),
            (
                Reply(f"/commits/{head.head_sha}/check-runs", shape.checks),
                Reply("/actions/jobs/7100004/logs", shape.log),
            ),
        ),
        Question(
            "standing",
            "Is pull request 5 reviewed and green?",
            ("changes.requested", "octocat", "failure"),
            (("pull_request_read", of_5),),
            (
                Reply("/pulls/5/reviews", shape.every(shape.review)),
                Reply(f"/commits/{head.head_sha}/check-runs", shape.checks),
                Reply(f"/commits/{head.head_sha}/status", shape.status),
            ),
        ),
        Question(
            "blame",
            "Who touched line 8 of hello/greet.py?",
            ("Greet in French and German", "octocat", "2026-09-14"),
            (("get_file_blame", {"path": "hello/greet.py", "start_line": 8, "end_line": 8}),),
            (Reply(BLAME, shape.blame),),
        ),
        Question(
            "releases",
            "Which commits lie between the releases v2.1.0 and v2.3.0?",
            ("Keep settings in the home folder", "Greet in French and German", "Describe how the program is used"),
            (("compare_refs", {"base": "v2.1.0", "head": "v2.3.0", "detail": "brief"}),),
            (
                Reply("/tags", shape.every(shape.pointer)),
                Reply("/commits?sha=v2.3.0", shape.only("sha", "commit", of=shape.commit)),
            ),
        ),
        Question(
            "comments",
            "What was said on issue 1 since 20 November?",
            ("Run 9 of", "Run 10 of", "Run 11 of", "lin-example", "sam-example"),
            (("issue_read", {"issue": 1, "method": "get_comments", "since": "2026-11-20T00:00Z"}),),
            (Reply("/issues/1/comments", shape.every(shape.comment)),),
        ),
        Question(
            "person",
            f"Which pull requests of {PERSON} are open, how large, and in which state?",
            ("draft", *(fact for issue, pull in own for fact in (issue.title, rf"\b{_added(pull)}\b"))),
            (("list_pull_requests", {"author": PERSON}),),
            (
                Reply(f"/search/issues?q=is:pr+is:open+author:{PERSON}+repo:{HELLO}", shape.found("number")),
                *(Reply(f"/pulls/{issue.number}", shape.pull) for issue, _ in own),
            ),
        ),
        Question(
            "files",
            "Which files does pull request 6 change?",
            tuple(re.escape(file.filename) for file in _files(hello, 6)),
            (("pull_request_read", {"pull_request": 6, "method": "get_files", "limit": 100}),),
            (Reply("/pulls/6/files?per_page=100", shape.every(shape.file)),),
        ),
        Question(
            "diff",
            "How does pull request 5 change hello/settings.py?",
            (r"- +return Path\(os\.environ\[", r"\+ +return Path\.home\(\)"),
            (("pull_request_read", {**of_5, "method": "get_diff", "path": "hello/settings.py"}),),
            (Reply("/pulls/5", shape.as_it_is, "application/vnd.github.diff"),),
        ),
        Question(
            "threads",
            "Which review threads of pull request 5 are still open?",
            (r"hello/settings\.py", "What happens on Windows", "USERPROFILE", "resolved"),
            (("pull_request_read", {**of_5, "method": "get_review_comments"}),),
            (Reply("/pulls/5/comments", shape.threads),),
        ),
        Question(
            "history",
            f"Which were the last five commits of {LONG_FILE}?",
            tuple(f"phrases of part {number}" for number in range(3, 8)),
            (("list_commits", {"path": LONG_FILE, "limit": 5}),),
            (Reply(f"/commits?path={LONG_FILE}&per_page=5", shape.only("sha", "commit", of=shape.commit)),),
        ),
        Question(
            "branches",
            "Which branches are there, and which are protected?",
            ("protected", *(rf"\b{re.escape(name)}\b" for name in history.branches)),
            (("list_branches", {}),),
            (Reply("/branches?per_page=100", shape.every(shape.pointer)),),
        ),
        Question(
            "search",
            "Which open issues speak of the missing HOME?",
            ("Crash at start inside a container", *(f"HOME is missing in image {number}" for number in range(6))),
            (("search_issues", {"query": "HOME is:open", "detail": "brief"}),),
            (Reply(f"/search/issues?q=HOME+is:open+is:issue+repo:{HELLO}", shape.found("number", "title", "state")),),
        ),
        Question(
            "labels",
            "Which labels are there?",
            tuple(re.escape(label.name) for label in hello.labels.values()),
            (("list_labels", {}),),
            (Reply("/labels?per_page=100", shape.labels),),
        ),
        Question(
            "lines",
            f"What do lines {FIRST} to {LAST} of {LONG_FILE} say?",
            tuple(rf"PHRASE_{line}\b" for line in range(FIRST, LAST + 1)),
            (("get_file_contents", {"path": LONG_FILE, "start_line": FIRST, "end_line": LAST}),),
            (Reply(f"/contents/{LONG_FILE}", shape.read(LONG_FILE)),),
        ),
        Question(
            "latest",
            "What is the latest release?",
            ("v2.3.0", "2026-09-15", "Greetings in French and German", "#7"),
            (("list_releases", {"latest": True}),),
            (Reply("/releases/latest", shape.release),),
        ),
    ]


def _added(pull: Pull) -> int:
    return sum(file.additions for file in pull.files)


def _files(hello: Repository, number: int) -> Sequence[Any]:
    pull = hello.issues[number].pull
    return pull.files if pull else ()
