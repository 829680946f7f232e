"""Refusals of control: a closed list of reasons, each with a remedy, all of them where callers look."""

from typing import get_args

import pytest
from agent_effects.errors import ProposalReason
from agent_ledger.errors import TaskFault
from control_api.errors import REASONS, Refusal
from control_api.openapi.document import document
from house.paths import ROOT


def test_every_reason_is_on_the_page_and_in_the_openapi_document() -> None:
    """Whoever meets a reason finds it."""
    page = (ROOT / "api-services/control/README.md").read_text()
    assert [reason for reason in REASONS if f"`{reason}`" not in page] == []
    assert document("1", {})["components"]["schemas"]["Refusal"]["properties"]["reason"]["enum"] == list(REASONS)


def test_the_ledgers_and_the_proposals_reasons_are_among_them() -> None:
    """What a task or a decision is refused for has a status and a remedy here; `poison` is said of entries alone."""
    assert {*get_args(TaskFault), *get_args(ProposalReason)} - {"poison"} <= REASONS.keys()
    assert all(reason.remedy.endswith(".") and 400 <= reason.status < 600 for reason in REASONS.values())


def test_no_other_reason_is_taken() -> None:
    """A reason outside the list fails where it is written, before a caller meets it."""
    with pytest.raises(KeyError):
        Refusal("unlisted", "x")
