"""The stand-in as one object: what all routes share."""

from collections.abc import Mapping
from typing import Any

from stand_ins.github import (
    limits,
    seed,
    seed_actions,
    seed_discussions,
    seed_personal,
    seed_planning,
    seed_projects,
    seed_releases,
    seed_reviews,
    seed_security,
    webhook,
)
from stand_ins.github.accounts import User
from stand_ins.github.faults import FAULTS
from stand_ins.github.records import Comment, Issue, Label, Repository
from stand_ins.github.refusal import GitHubErrors
from stand_ins.github.shapes.account import simple_user
from stand_ins.github.shapes.issue import comment_json, issue_json, label_json
from stand_ins.github.shapes.pull import pull_json
from stand_ins.github.shapes.repository import repository_json
from stand_ins.github.world import World
from stand_ins.kit.rate_limits import RateLimits
from stand_ins.kit.vendor import StandInVendor
from stand_ins.kit.webhooks import Clock, Deliveries, Hook


class StandIn(StandInVendor):
    """Memory, limits and webhook of one stand-in; `account` is the login that the operator's token acts for."""

    service = "stand-in-github"
    errors = GitHubErrors()
    faults = FAULTS
    limits: RateLimits
    deliveries: Deliveries

    def __init__(self, tokens: Mapping[str, str], account: str, hook: Hook | None, clock: Clock) -> None:
        self.account = account
        self.limits = RateLimits(limits.quota, caller=account, resource="core")
        self.deliveries = Deliveries(webhook.headers, hook, clock=clock)
        self._tokens = tokens
        self._clock = clock
        self.world = self._fresh()

    def reset(self) -> None:
        """Forget what was done: the seed alone is there again."""
        self.world = self._fresh()

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

    def announce_pull(
        self, action: str, issue: Issue, repository: Repository, sender: User, base: str, **more: Any
    ) -> None:
        """Send a `pull_request` event."""
        assert issue.pull is not None
        shape = pull_json(issue, issue.pull, repository, self.world, base)
        payload = {"action": action, "number": issue.number, "pull_request": shape} | more
        self._announce("pull_request", payload, repository, sender, base)

    def greet(self, about: str, base: str) -> None:
        """Send the `ping` with which GitHub greets a new hook of the repository `about`."""
        repository = self.world.named(about)
        hook = {"type": "Repository", "active": True, "events": ["issues", "issue_comment"]}
        payload = {"zen": "Small things, done well, add up.", "hook_id": webhook.HOOK_ID, "hook": hook}
        self._announce("ping", payload, repository, repository.owner, base)

    def _announce(self, event: str, payload: dict[str, Any], repository: Repository, sender: User, base: str) -> None:
        whole = payload | {
            "repository": repository_json(repository, base),
            "sender": simple_user(sender, base),
        }
        self.deliveries.announce(
            event,
            whole,
            action=payload.get("action"),
            issue=payload.get("issue", {}).get("number") or payload.get("number"),
            repository_id=repository.id,
        )

    def _fresh(self) -> World:
        world = World(clock=self._clock)
        world.user(self.account)
        for token, login in self._tokens.items():
            world.add_token(token, login)
        for described in seed.shipped():
            seed.add_repository(world, described, self.account)
        seed_actions.apply(world)
        seed_planning.apply(world, self.account)
        seed_releases.add_shipped(world)
        seed_discussions.apply(world)
        seed_projects.apply(world)
        seed_security.apply(world)
        seed_personal.apply(world, self.account)
        seed_reviews.apply(world)
        return world
