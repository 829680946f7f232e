"""The policy on proposals: which of them are approved or denied without a person. Reads `proposals.yaml`."""

import fnmatch
import glob
import json
import re
from pathlib import Path
from typing import Annotated, Literal, Self

from agent_effects import Proposal
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from service_kit.yaml_lines import read_checked

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=300)]


class Rule(BaseModel):
    """One rule: what a proposal must be, and what is decided then; what is left out holds of every proposal.

    Attributes:
        target: what is written to, where each `*` stands for any characters, and case does not count.
        max_bytes: how large the request's body may be.
        author: who asked for the task, as `kind:id`.
        per_hour: how many proposals of a tenant this rule approves in an hour; it asks a person about more.
        decide: `ask` leaves it to a person, whatever later rules say.
        reason: recorded, and told where it is denied.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    skill: Text = "*"
    route: Text = "*"
    tool: Text = "*"
    target: Text = "*"
    max_bytes: Annotated[int, Field(ge=0)] | None = None
    author: Text = "*"
    per_hour: Annotated[int, Field(ge=0)] | None = None
    decide: Literal["approve", "deny", "ask"]
    reason: Annotated[str, StringConstraints(max_length=500)] = ""

    @model_validator(mode="after")
    def _counts_approvals(self) -> Self:
        if self.per_hour is not None and self.decide != "approve":
            raise ValueError(f"per_hour counts approvals and does nothing with decide: {self.decide}: leave it out")
        return self

    @property
    def by(self) -> str:
        """Name who decides by this rule."""
        return f"policy:{self.name}"

    def fits(self, proposal: Proposal) -> bool:
        """Say whether a proposal is what this rule is for."""
        exact = (
            (self.skill, proposal.skill),
            (self.route, proposal.route),
            (self.tool, proposal.tool),
            (self.author, proposal.author),
        )
        return (
            all(wanted in ("*", found) for wanted, found in exact)
            and _like(self.target, proposal.target)
            and (self.max_bytes is None or body_bytes(proposal) <= self.max_bytes)
        )


class Policy(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rules: list[Rule] = Field(default_factory=list)

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        names = [rule.name for rule in self.rules]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"two rules are named {twice!r}: rename one")
        return self

    def rule(self, proposal: Proposal) -> Rule | None:
        """Give the first rule that fits a proposal; None where a person is asked."""
        found = next((rule for rule in self.rules if rule.fits(proposal)), None)
        return found if found is not None and found.decide != "ask" else None


def read_policy(path: Path) -> Policy:
    """Read a policy file; one that is not there decides nothing.

    Raises:
        ConfigError: it is no YAML, or has a wrong rule.
    """
    try:
        return read_checked(path, Policy, variable="PROPOSALS_FILE")
    except FileNotFoundError:
        return Policy()


def body_bytes(proposal: Proposal) -> int:
    """Give the size of what a proposal would send."""
    body = proposal.call.get("body")
    return 0 if body is None else len(json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass"))


def _like(pattern: str, text: str) -> bool:
    stars_alone = glob.escape(pattern).replace("[*]", "*")
    return re.match(fnmatch.translate(stars_alone), text, re.IGNORECASE) is not None  # in atomic groups: linear
