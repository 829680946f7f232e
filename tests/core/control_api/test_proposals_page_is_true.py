"""docs/proposals.md: its examples are read by the code that reads the real files, and its reasons are the code's."""

import re
from typing import get_args

import yaml
from agent_effects.errors import ProposalReason
from control_api.errors import REASONS
from control_api.proposals.policy import Policy, Rule
from house.paths import ROOT
from service_kit.access import Door

PAGE = (ROOT / "docs/proposals.md").read_text()
DOORS, POLICY = (yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))


def test_the_policy_of_the_page_names_every_field() -> None:
    """It is read as it stands, and shows all that a rule may say."""
    assert len(Policy.model_validate(POLICY).rules) == 2
    assert {field for rule in POLICY["rules"] for field in rule} == set(Rule.model_fields)


def test_the_doors_of_the_page_decide() -> None:
    """Each with its actor."""
    http = Door.model_validate({**DOORS["http"]["release-team"], "token_sha256": []})
    assert (http.decider, http.decides("issue-triage"), http.decides("other")) == ("person:grace", True, False)
    assert Door.model_validate(DOORS["cli"]).decides(None)


def test_every_reason_is_on_the_page_with_its_status() -> None:
    """The table is what control answers."""
    told = dict(re.findall(r"^\| `(\w+)` \| (\d+) \|", PAGE, re.MULTILINE))
    assert told == {reason: str(REASONS[reason].status) for reason in (*get_args(ProposalReason), "door")}
