"""The stand-in's memory: finds and makes records, knows who may do what. Owns all ids."""

import itertools
import secrets
from datetime import datetime

from stand_ins.github.accounts import Role, Token, User
from stand_ins.github.apps import App
from stand_ins.github.gist_records import Gist
from stand_ins.github.notification_records import Notification, Subscription
from stand_ins.github.planning import Team
from stand_ins.github.projects import Project
from stand_ins.github.records import Comment, Issue, Label, Pull, Repository
from stand_ins.github.security_records import Advisory
from stand_ins.kit.webhooks import Clock, utc_now


class World:
    """All accounts, tokens and repositories of one stand-in."""

    def __init__(self, *, clock: Clock = utc_now) -> None:
        self.clock = clock
        self.secret = secrets.token_hex()
        self.users: dict[str, User] = {}
        self.tokens: dict[str, Token] = {}
        self.app: App | None = None
        self.repositories: dict[int, Repository] = {}
        self.teams: list[Team] = []
        self.notifications: list[Notification] = []
        self.watched: dict[tuple[int, int], Subscription] = {}
        self.gists: dict[str, Gist] = {}
        self.projects: list[Project] = []
        self.advisories: list[Advisory] = []
        self._ids = itertools.count(1001)
        self._repository_ids = itertools.count(730_001)

    def next_id(self) -> int:
        """Give out a new id."""
        return next(self._ids)

    def user(self, login: str) -> User:
        """Return the account of that login; make it when it is new."""
        key = login.lower()
        if key not in self.users:
            self.users[key] = User(id=self.next_id(), login=login, created_at=self.clock())
        return self.users[key]

    def add_token(self, value: str, login: str) -> Token:
        """Let `value` act for the account `login`."""
        self.user(login)
        self.tokens[value] = Token(value=value, login=login)
        return self.tokens[value]

    def add_app(self, app: App, account: str) -> None:
        """Install an App, in the place of another one, where an account may do something: it may do the same."""
        self.app = app
        self.user(app.login)
        for repository in self.repositories.values():
            repository.roles[app.login.lower()] = self.role(repository, self.user(account))

    def add_repository(self, full_name: str, *, private: bool = False, description: str | None = None) -> Repository:
        """Make an empty repository; ValueError when the name is taken or has no owner."""
        owner, _, name = full_name.partition("/")
        if not owner or not name or "/" in name:
            raise ValueError(f"{full_name!r} is not owner/name")
        if self.find(owner, name) is not None:
            raise ValueError(f"{full_name} exists already")
        now = self.clock()
        repository = Repository(
            id=next(self._repository_ids),
            owner=self.user(owner),
            name=name,
            created_at=now,
            updated_at=now,
            description=description,
            private=private,
        )
        repository.history.add(
            repository.default_branch, message="Initial commit", author=repository.owner, at=now, files={}
        )
        self.repositories[repository.id] = repository
        return repository

    def find(self, owner: str, name: str) -> Repository | None:
        """Find a repository by its present name, without regard to case."""
        wanted = f"{owner}/{name}".lower()
        return next((one for one in self.repositories.values() if one.full_name.lower() == wanted), None)

    def named(self, full_name: str) -> Repository:
        """Return the repository `owner/name`; ValueError when there is none."""
        owner, _, name = full_name.partition("/")
        found = self.find(owner, name)
        if found is None:
            raise ValueError(f"there is no repository {full_name}")
        return found

    def repository_of(self, issue: Issue) -> Repository:
        """Return the repository that holds an issue."""
        return next(one for one in self.repositories.values() if one.issues.get(issue.number) is issue)

    def find_moved(self, owner: str, name: str) -> Repository | None:
        """Find the repository that once had this name."""
        wanted = f"{owner}/{name}".lower()
        return next((one for one in self.repositories.values() if wanted in one.former_names), None)

    def rename(self, repository: Repository, full_name: str) -> None:
        """Give a repository another name; the old one will redirect."""
        owner, _, name = full_name.partition("/")
        repository.former_names.append(repository.full_name.lower())
        repository.owner, repository.name = self.user(owner), name

    def role(self, repository: Repository, user: User | None) -> Role:
        """Tell what an account may do: its own role, the owner's, or reading what is public."""
        least = Role.none if repository.private else Role.read
        if user is None:
            return least
        if user is repository.owner:
            return Role.admin
        teams = (one.repositories.get(repository.id, Role.none) for one in self.teams if one.has(user))
        return max(least, repository.roles.get(user.login.lower(), Role.none), *teams)

    def association(self, repository: Repository, user: User) -> str:
        """Give GitHub's author_association of an account in a repository."""
        told = repository.associations.get(user.login.lower())
        if told is not None:
            return told
        if user is repository.owner:
            return "OWNER"
        if repository.roles.get(user.login.lower(), Role.none) >= Role.triage:
            return "COLLABORATOR"
        merged = any(one.pull and one.pull.merged_at and one.user is user for one in repository.issues.values())
        return "CONTRIBUTOR" if merged else "NONE"

    def add_label(
        self, repository: Repository, name: str, *, color: str = "ededed", description: str | None = None
    ) -> Label:
        """Make a label, or return the one of that name."""
        made = Label(id=self.next_id(), name=name, color=color, description=description)
        return repository.labels.setdefault(name.lower(), made)

    def add_issue(
        self,
        repository: Repository,
        *,
        title: str,
        body: str | None,
        user: User,
        number: int | None = None,
        at: datetime | None = None,
    ) -> Issue:
        """Open an issue under the next free number, or under the given one (ValueError when it is taken)."""
        number = number if number is not None else max([*repository.issues, *repository.discussions], default=0) + 1
        if number in repository.issues or number in repository.discussions:
            raise ValueError(f"{repository.full_name}#{number} exists already")
        now = at or self.clock()
        issue = Issue(
            id=self.next_id(), number=number, title=title, body=body, user=user, created_at=now, updated_at=now
        )
        repository.issues[number] = issue
        return issue

    def network(self, repository: Repository) -> list[Repository]:
        """Return a repository, the one that it was forked from, and its forks."""
        return [
            one
            for one in self.repositories.values()
            if one is repository or one is repository.parent or one.parent is repository
        ]

    def head_repository(self, repository: Repository, pull: Pull) -> Repository | None:
        """Return the repository that has the branch of a pull request; None if it is not there any more."""
        if pull.fork_owner is None:
            return repository
        owner = pull.fork_owner.lower()
        others = (one for one in self.network(repository) if one is not repository)
        return next((one for one in others if one.owner.login.lower() == owner), None)

    def add_comment(self, issue: Issue, *, body: str, user: User, at: datetime | None = None) -> Comment:
        """Append a comment and mark the issue as updated."""
        now = at or self.clock()
        comment = Comment(id=self.next_id(), body=body, user=user, created_at=now, updated_at=now)
        issue.comments.append(comment)
        issue.updated_at = max(now, issue.updated_at)
        return comment
