"""`access.yaml`: the doors through which tasks come, and what tenants, services and people may do."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Self

from agent_contracts import Actor, Budget
from agent_contracts.task import SkillName
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, StringConstraints, model_validator

from service_kit.bearer import token_owner
from service_kit.checkout import remedy
from service_kit.errors import ConfigError
from service_kit.grants import Bound
from service_kit.origins import listed_origin
from service_kit.watched import WatchedFile
from service_kit.yaml_lines import read_checked

Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
ListedOrigin = Annotated[str, AfterValidator(listed_origin)]
CallerName = Annotated[str, StringConstraints(pattern=r"^[^:\x00-\x1f\x7f]{1,64}$")]
"""A name without a colon, because `kind:name` is how both are written together."""
SecretReference = Annotated[str, StringConstraints(pattern=r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:/[^\x00]+)$")]
"""The place of a secret: a file or a variable. The secret itself is never in `access.yaml`."""
TenantName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]


class Entry(BaseModel):
    """The base of every entry: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Quotas(Entry):
    """How many tasks of a tenant may be in the ledger at once.

    Attributes:
        queued: how many may wait.
        queued_per_key: how many of them may wait with the same concurrency key.
        running: how many may run; None for as many as there are slots.
    """

    queued: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    queued_per_key: Annotated[int, Field(ge=1, le=10_000)] = 100
    running: Annotated[int, Field(ge=1, le=100_000)] | None = None


class Door(Entry):
    """A way by which tasks come in: its tenant, its skills and its bounds. `name` is set from its place in the file.

    Attributes:
        models: the models that a task may name instead of its skill's own, `*` for any.
        pools: the pools that a task may name instead of its skill's own, `*` for any.
        reply_origins: where a task may have its result posted, as scheme://host[:port].
        approves: the skills whose proposals this door's actor may decide, `*` for all.
    """

    name: str = ""
    tenant: TenantName = "default"
    skills: list[str] = Field(default_factory=list)
    vendors: dict[str, Bound] = Field(default_factory=dict)
    budget: Budget = Field(default_factory=Budget)
    actor: Actor | None = None
    models: list[str] = Field(default_factory=list)
    pools: list[str] = Field(default_factory=lambda: ["default"])
    reply_origins: list[ListedOrigin] = Field(default_factory=list)
    token_sha256: list[Hash] = Field(default_factory=list)
    approves: list[str] = Field(default_factory=list)
    _quotas: Quotas = PrivateAttr(default_factory=Quotas)

    @model_validator(mode="after")
    def _names_who_decides(self) -> Self:
        if self.approves and self.name.startswith(("stream:", "webhook:", "feed:")):
            raise ValueError("approves: only people decide: move it to a door under http or cli")
        if self.approves and self.actor is None:
            raise ValueError("approves: an actor is needed too, as who decides is recorded")
        return self

    def opens(self, skill: str) -> bool:
        """Say whether tasks for the skill may come through this door."""
        return "*" in self.skills or skill in self.skills

    def decides(self, skill: str | None) -> bool:
        """Say whether proposals of the skill's tasks may be decided through this door."""
        return "*" in self.approves or skill in self.approves

    @property
    def decider(self) -> str:
        """Return who decides through this door, as `kind:id`."""
        return f"{self.actor.kind}:{self.actor.id}" if self.actor else self.name

    def offers(self, model: str) -> bool:
        """Say whether a task may name this model instead of its skill's own."""
        return "*" in self.models or model in self.models

    def reaches(self, pool: str) -> bool:
        """Say whether a task may name this pool instead of its skill's own."""
        return "*" in self.pools or pool in self.pools

    @property
    def quotas(self) -> Quotas:
        """Return the quotas of the door's tenant."""
        return self._quotas

    def take_quotas(self, tenant: "Tenant") -> None:
        """Take over the quotas of the door's tenant."""
        self._quotas = tenant.quotas


class SourceDoor(Door):
    """An instance of a webhook or feed source, named `{source}` or `{source}/{instance}`: its door and its secrets.

    Attributes:
        secrets: where its secrets are, as `file:/PATH` or `env:VARIABLE`; several while one is replaced. An instance
            without a name may leave them out: then the source's own variable holds them.
        own_accounts: our own accounts at the vendor, whose events start nothing; by default those of the source.
    """

    secrets: list[SecretReference] = Field(default_factory=list)
    own_accounts: list[str] = Field(default_factory=list)


class ServiceEntry(Entry):
    """An MCP server of ours that calls gateways. `opens` says what it may do without a task; by default nothing."""

    token_sha256: list[Hash]
    tenant: TenantName = "default"
    opens: dict[str, Bound] = Field(default_factory=dict)


class Person(Entry):
    """Somebody who uses an MCP server with a static token."""

    token_sha256: list[Hash]
    tenant: TenantName = "default"
    vendors: dict[str, Bound] = Field(default_factory=dict)


class DayBudget(Entry):
    """What may be spent on the model in a day (UTC); a bound that is left out does not limit."""

    usd: Annotated[Decimal, Field(ge=0, le=1_000_000)] | None = None
    tokens: Annotated[int, Field(ge=0)] | None = None


class TenantBudgets(Entry):
    """What all tasks of a tenant may spend together, and all tasks of one skill."""

    day: DayBudget = Field(default_factory=DayBudget)
    skills: dict[SkillName, DayBudget] = Field(default_factory=dict)


class Tenant(Entry):
    """What a tenant may do at each vendor, spend and have in the ledger, whatever its skills and doors allow.

    Attributes:
        weight: how many turns it has for each one of a tenant with weight 1, wherever tenants share something.
    """

    vendors: dict[str, Bound] = Field(default_factory=dict)
    budgets: TenantBudgets = Field(default_factory=TenantBudgets)
    weight: Annotated[int, Field(ge=1, le=100)] = 1
    quotas: Quotas = Field(default_factory=Quotas)


class Access(Entry):
    """The whole file."""

    tenants: dict[TenantName, Tenant] = Field(default_factory=dict)
    streams: dict[str, Door] = Field(default_factory=dict)
    webhooks: dict[str, SourceDoor] = Field(default_factory=dict)
    feeds: dict[str, SourceDoor] = Field(default_factory=dict)
    http: dict[str, Door] = Field(default_factory=dict)
    cli: Door | None = None
    services: dict[CallerName, ServiceEntry] = Field(default_factory=dict)
    people: dict[CallerName, Person] = Field(default_factory=dict)

    def model_post_init(self, _: object) -> None:
        """Give each door the quotas of its tenant."""
        for door in self.doors():
            door.take_quotas(self.tenants.get(door.tenant) or Tenant())

    def doors(self) -> list[Door]:
        """Return every door."""
        groups: tuple[Mapping[str, Door], ...] = (self.streams, self.webhooks, self.feeds, self.http)
        doors = [door for group in groups for door in group.values()]
        return [*doors, self.cli] if self.cli else doors

    def service(self, token: str) -> str | None:
        """Return the name of the service whose token this is; None if it is nobody's."""
        return token_owner(token, {name: entry.token_sha256 for name, entry in self.services.items()})

    def http_door(self, token: str) -> Door | None:
        """Return the HTTP door that a token opens; None if it opens none."""
        name = token_owner(token, {name: door.token_sha256 for name, door in self.http.items()})
        return self.http[name] if name else None

    def person(self, token: str) -> tuple[str, Person] | None:
        """Return the name and the entry of the person whose token this is; None if it is nobody's."""
        name = token_owner(token, {name: person.token_sha256 for name, person in self.people.items()})
        return (name, self.people[name]) if name else None


class AccessFile(WatchedFile[Access]):
    """The access file of a process, read again when it changes; errors as `read_access`.

    Raises:
        ConfigError: it cannot be read, or entries are wrong; each is named with its line.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, read_access)


def read_access(path: Path) -> Access:
    """Read an access file and name its doors.

    Raises:
        ConfigError: the file is missing, is not YAML, or has wrong entries; names all of them, in the file's order.
    """
    try:
        return read_checked(path, Access, variable="ACCESS_FILE", prepare=_named)
    except FileNotFoundError:
        raise ConfigError(f"ACCESS_FILE={path} does not exist: {access_remedy()}") from None


def access_remedy() -> str:
    """Return what to do where there is no access file."""
    return remedy(
        checkout="make it with `make init`",
        package="correct the path, or write the file: docs/access.md of Agent Bot says what it holds",
    )


def _named(raw: dict[str, Any]) -> dict[str, Any]:
    """Set each door's name from its place, so that no file can claim another's."""
    named = dict(raw)
    for group, kind in (("streams", "stream"), ("webhooks", "webhook"), ("feeds", "feed"), ("http", "http")):
        doors = raw.get(group)
        if isinstance(doors, dict):
            named[group] = {
                key: {**door, "name": f"{kind}:{key}"} if isinstance(door, dict) else door
                for key, door in doors.items()
            }
    if isinstance(raw.get("cli"), dict):
        named["cli"] = {**raw["cli"], "name": "cli"}
    return named
