"""The stand-in as one object: what all routes share."""

from dataclasses import dataclass
from typing import Any

from stand_ins.github.limits import RateLimits
from stand_ins.github.records import Comment, Issue, Label, Repository, User
from stand_ins.github.shapes.account import simple_user
from stand_ins.github.shapes.issue import comment_json, issue_json, label_json
from stand_ins.github.shapes.repository import repository_json
from stand_ins.github.webhook import Deliveries
from stand_ins.github.world import World


@dataclass
class StandIn:
    """Memory, limits and webhook of one stand-in; `account` is the login that the operator's token acts for."""

    world: World
    limits: RateLimits
    deliveries: Deliveries
    account: str
    base_url: str | None = None

    def announce_issue(
        self,
        action: str,
        issue: Issue,
        repository: Repository,
        sender: User,
        base: str,
        **more: Any,
    ) -> None:
        """Send an `issues` event."""
        payload = {"action": action, "issue": issue_json(issue, repository, self.world, base)} | more
        self._announce("issues", payload, repository, sender, base)

    def announce_labels(
        self,
        before: list[Label],
        issue: Issue,
        repository: Repository,
        sender: User,
        base: str,
    ) -> None:
        """Send one `labeled` or `unlabeled` event for each label that came or went, as GitHub does."""
        for action, these, those in (("labeled", issue.labels, before), ("unlabeled", before, issue.labels)):
            for label in these:
                if label not in those:
                    shape = label_json(label, repository, base)
                    self.announce_issue(action, issue, repository, sender, base, label=shape)

    def announce_comment(
        self, action: str, comment: Comment, issue: Issue, repository: Repository, sender: User, base: str
    ) -> None:
        """Send an `issue_comment` event."""
        payload = {
            "action": action,
            "issue": issue_json(issue, repository, self.world, base),
            "comment": comment_json(comment, issue, repository, self.world, base),
        }
        self._announce("issue_comment", payload, repository, sender, base)

    def announce_ping(self, repository: Repository, sender: User, base: str) -> None:
        """Send the `ping` with which GitHub greets a new hook."""
        hook = {"type": "Repository", "active": True, "events": ["issues", "issue_comment"]}
        payload = {"zen": "Small things, done well, add up.", "hook_id": 480_001, "hook": hook}
        self._announce("ping", payload, repository, sender, base)

    def _announce(self, event: str, payload: dict[str, Any], repository: Repository, sender: User, base: str) -> None:
        whole = payload | {
            "repository": repository_json(repository, base),
            "sender": simple_user(sender, base),
        }
        self.deliveries.announce(event, whole, repository.id)
