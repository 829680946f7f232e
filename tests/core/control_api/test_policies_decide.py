"""The policy: the first rule that fits decides, counts per hour hold, and what no rule names waits for a person."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import agent_effects
import pytest
import yaml
from agent_contracts import Actor
from agent_effects import Proposal
from control_api.optional_file import OptionalFile
from control_api.proposals import policy_worker
from control_api.proposals.policy import Policy, read_policy
from control_api.proposals.policy_worker import PolicyWorker
from fixtures.control import Control
from fixtures.proposals import proposed
from prometheus_client import CollectorRegistry
from service_kit.errors import ConfigError

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def sample(**changes: Any) -> Proposal:
    """Make a proposal."""
    fields: dict[str, Any] = dict.fromkeys(Proposal.__dataclass_fields__)
    fields |= {"id": uuid4(), "tenant": "acme", "skill": "issue-triage", "author": "person:bob", "sends": 0}
    fields |= {"tool": "issue_write", "route": "PATCH /x", "target": "octocat/hello-world#1", "state": "proposed"}
    fields |= {"call": {"body": {"body": "ü"}}, "shown": "x", "sha256": "x", "proposed_at": NOW, "expires_at": NOW}
    return Proposal(**fields | changes)


def decides(rule: dict[str, Any], **changes: Any) -> bool:
    """Say whether one rule decides a proposal."""
    policy = Policy.model_validate({"rules": [{"name": "one", "decide": "approve", **rule}]})
    return policy.rule(sample(**changes)) is not None


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        ({}, True),
        ({"skill": "issue-triage", "tool": "issue_write", "route": "PATCH /x", "author": "person:bob"}, True),
        ({"skill": "other"}, False),
        ({"route": "PATCH /y"}, False),
        ({"tool": "add_issue_comment"}, False),
        ({"author": "person:eve"}, False),
        ({"target": "octocat/*"}, True),
        ({"target": "Octocat/Hello-World#*"}, True),
        ({"target": "octocat/hello"}, False),
        ({"target": "octocat/hello.world#1"}, False),
        ({"target": "octocat/*?[a-z]#1"}, False),
        ({"target": "*hello*#1"}, True),
        ({"max_bytes": 14}, True),
        ({"max_bytes": 13}, False),
        ({"decide": "ask"}, False),
    ],
)
def test_a_rule_fits_by_all_that_it_names(rule: dict[str, Any], fits: bool) -> None:
    """A body's size is counted in bytes as it is sent; in targets only `*` is more than itself."""
    assert decides(rule) is fits


def test_a_target_is_compared_in_linear_time() -> None:
    """A target that nearly fits a rule of many stars is told in time, where backtracking would take for ever."""
    assert not decides({"target": "*a" * 40 + "*b"}, target="a" * 20_000)


def test_an_unknown_author_fits_no_named_one() -> None:
    """What nobody is known to have asked for is nobody's."""
    assert not decides({"author": "person:bob"}, author=None)
    assert decides({"author": "*"}, author=None)


def test_the_first_rule_that_fits_decides() -> None:
    """`ask` keeps a later rule from deciding."""
    rules = [
        {"name": "first", "tool": "issue_write", "decide": "ask"},
        {"name": "second", "decide": "deny"},
    ]
    policy = Policy.model_validate({"rules": rules})
    assert policy.rule(sample()) is None
    found = policy.rule(sample(tool="add_issue_comment"))
    assert found is not None
    assert found.by == "policy:second"


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ({"rules": [{"name": "a", "decide": "perhaps"}]}, "rules.0.decide"),
        ({"rules": [{"name": "a", "decide": "approve", "repo": "x"}]}, "rules.0.repo"),
        ({"rules": [{"name": "a", "decide": "deny", "per_hour": 3}]}, "per_hour"),
        ({"rules": [{"name": "a", "decide": "ask"}, {"name": "a", "decide": "ask"}]}, "two rules are named 'a'"),
        ([1], "must hold a mapping with rules"),
    ],
)
def test_a_wrong_file_names_the_place(tmp_path: Path, content: Any, part: str) -> None:
    """The file, the rule and the field; what is not there at all asks about everything."""
    path = tmp_path / "proposals.yaml"
    assert read_policy(path) == Policy()
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(ConfigError) as error:
        read_policy(path)
    assert part in str(error.value)
    assert str(path) in str(error.value)


async def test_rules_decide_within_their_count(control: Control, tmp_path: Path) -> None:
    """Two approved in an hour, by whichever control; the third waits for a person."""
    path = tmp_path / "policy.yaml"
    rule = {"name": "small-comments", "decide": "approve", "per_hour": 2, "target": "octocat/*", "reason": "small"}
    path.write_text(yaml.safe_dump({"rules": [rule]}))
    made = [await proposed(control.pool) for _ in range(3)]
    several = [
        PolicyWorker(control.pool, OptionalFile(path, read_policy, Policy()), CollectorRegistry()) for _ in range(3)
    ]
    for _ in range(2):
        await asyncio.gather(*(one.round() for one in several))
    found = [await agent_effects.proposal(control.pool, id_) for id_ in made]
    assert [one.state for one in found] == ["approved", "approved", "proposed"]
    assert {(one.decided_by, one.reason) for one in found[:2]} == {("policy:small-comments", "small")}


async def test_what_no_rule_names_hides_nothing_behind_it(
    control: Control, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many older proposals wait for a person, the policy decides what it names in the same round."""
    monkeypatch.setattr(policy_worker, "PAGE", 2)
    path = tmp_path / "policy.yaml"
    path.write_text(yaml.safe_dump({"rules": [{"name": "eves", "decide": "deny", "author": "person:eve"}]}))
    made = [await proposed(control.pool, actor=Actor(kind="person", id=name)) for name in ("bob", "eve") * 3]
    await PolicyWorker(control.pool, OptionalFile(path, read_policy, Policy()), CollectorRegistry()).round()
    found = [(await agent_effects.proposal(control.pool, id_)).state for id_ in made]
    assert found == ["proposed", "denied"] * 3


@pytest.mark.slow
async def test_a_file_that_comes_later_is_followed(control: Control, tmp_path: Path) -> None:
    """Without a file nothing is decided; once it is there, it is."""
    path = tmp_path / "policy.yaml"
    rounds = PolicyWorker(control.pool, OptionalFile(path, read_policy, Policy()), CollectorRegistry())
    id_ = await proposed(control.pool)
    await rounds.round()
    assert (await agent_effects.proposal(control.pool, id_)).state == "proposed"
    path.write_text(yaml.safe_dump({"rules": [{"name": "no-writes", "decide": "deny", "reason": "frozen"}]}))
    await asyncio.sleep(1.1)
    await rounds.round()
    found = await agent_effects.proposal(control.pool, id_)
    assert (found.state, found.decided_by, found.reason) == ("denied", "policy:no-writes", "frozen")
