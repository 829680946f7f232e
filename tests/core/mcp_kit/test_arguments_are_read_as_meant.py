"""Arguments are read as clients mean them, and what is left is held to the schema."""

from typing import Annotated, Any, Literal

import pytest
from mcp_kit.call import Call
from mcp_kit.errors import WrongArguments
from mcp_kit.peers import Peers
from mcp_kit.reply import Reply
from mcp_kit.tool import ToolSpec, Unlisted, collect, tool
from pydantic import Field

PEERS = Peers(
    names={"owner/repo": "repository", "issue_number": "issue", "perPage": "limit", "per_page": "limit"},
    values={"state": {"done": "closed"}},
    nested=("filter",),
    ignored=("fields_wanted",),
    hints={
        "owner": "give owner and repo",
        "take.reaction": "add_reaction adds it",
        "state=stale": "search_all finds them",
    },
)


class Tools:
    """One tool with an argument of each form."""

    @tool("all", checks=True)
    async def take(
        self,
        call: Call,
        repository: str,
        issue: Annotated[int, Field(ge=1, description="Number")] = 1,
        state: Literal["open", "closed"] = "open",
        labels: Annotated[list[str] | None, Field(max_length=3)] = None,
        numbers: list[int] | None = None,
        fields: dict[str, Any] | None = None,
        body: str | list[str] = "",
        quiet: bool = False,
        share: float = 0.5,
        limit: int = 20,
        order: Annotated[Literal["asc", "desc"] | None, Unlisted] = None,
    ) -> Reply:
        """Take them."""
        return Reply("Taken.")

    @tool("all", checks=True)
    async def need(self, call: Call, repository: Annotated[str, Field(description="owner/name")]) -> Reply:
        """Take one that must be given."""
        return Reply("Taken.")


@pytest.fixture
def spec() -> ToolSpec:
    """The one tool."""
    return collect(Tools())[0]


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({"state": None, "issue": None, "limit": None}, {"state": "open", "issue": 1, "limit": 20}),
        ({"labels": None}, {"labels": None}),
        ({"labels": '["bug", "p1"]'}, {"labels": ["bug", "p1"]}),
        ({"fields": '{"a": [1]}'}, {"fields": {"a": [1]}}),
        ({"numbers": "[1, 2]"}, {"numbers": [1, 2]}),
        ({"body": '["x"]'}, {"body": '["x"]'}),
        ({"toolCallId": "call_1", "sessionId": "s", "action": "sendMessage", "chatInput": "hi"}, {}),
        ({"issue": "7"}, {"issue": 7}),
        ({"quiet": True, "share": 1}, {"quiet": True, "share": 1.0}),
        ({"issue_number": 7, "perPage": 5}, {"issue": 7, "limit": 5}),
        ({"per_page": 5}, {"limit": 5}),
        ({"state": "CLOSED", "order": "DESC"}, {"state": "closed", "order": "desc"}),
        ({"state": "DONE"}, {"state": "closed"}),
        ({"filter": {"state": "CLOSED", "issue_number": 8}}, {"state": "closed", "issue": 8}),
        ({"filter": '{"state": "closed"}', "state": "open"}, {"state": "open"}),
        ({"fields_wanted": ["title"], "reaction": None}, {}),
    ],
)
def test_what_clients_send_is_read_as_they_mean_it(spec: ToolSpec, given: dict[str, Any], read: dict[str, Any]) -> None:
    """A null means nothing, JSON text is its value, a client's extras are dropped, a peer's names are known."""
    parsed = spec.parse({"repository": "o/r", **given}, PEERS)
    assert {name: parsed[name] for name in read} == read


def test_a_name_in_two_parts_is_put_together(spec: ToolSpec) -> None:
    """A repository in the peer's two arguments is the one that we name in one."""
    assert spec.parse({"owner": "octocat", "repo": "hello"}, PEERS)["repository"] == "octocat/hello"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"issue": True}, "issue: a number is asked for, not true or false"),
        ({"share": False}, "share: a number is asked for, not true or false"),
        ({"numbers": [1, True]}, "numbers: a number is asked for, not true or false"),
        ({"repository": None}, "repository: Field required"),
        ({"labels": "bug"}, "labels: Input should be a valid list"),
        ({"labels": '{"a": 1}'}, "labels: Input should be a valid list"),
        ({"owner": "octocat", "repo": "hello"}, "owner: give owner and repo"),
        ({"issue": 1, "issue_number": 2}, "issue_number: it is issue here, which is given too"),
        ({"reaction": "+1"}, "reaction: add_reaction adds it"),
        ({"state": "stale"}, "state: Input should be 'open' or 'closed'; search_all finds them"),
        ({"order": "ASCENDING"}, "order: Input should be 'asc' or 'desc'"),
        ({"page": 2}, "page: there is no such argument, only repository, issue, state,"),
    ],
)
def test_what_does_not_fit_is_named(spec: ToolSpec, given: dict[str, Any], says: str) -> None:
    """A boolean is no number, and an argument that is not known is told beside those that are."""
    with pytest.raises(WrongArguments) as told:
        spec.parse({"repository": "o/r", **given}, PEERS)
    assert says in told.value.message


def test_what_is_missing_is_described() -> None:
    """A caller that knows another server learns what is asked for, and half of a name in two parts is told."""
    with pytest.raises(WrongArguments) as told:
        collect(Tools())[1].parse({"owner": "octocat"}, PEERS)
    assert "repository: Field required (owner/name); owner: give owner and repo" in told.value.message


def test_an_unlisted_argument_costs_no_token(spec: ToolSpec) -> None:
    """It is taken and held to its type, and no client is shown it."""
    assert "order" in spec.arguments.model_fields
    assert "order" not in spec.schema()["properties"]
    with pytest.raises(WrongArguments, match=r"only repository, issue, .*, limit$") as told:
        spec.parse({"repository": "o/r", "other": 1}, PEERS)
    assert "order" not in told.value.message
