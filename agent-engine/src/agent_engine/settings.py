"""The environment of the worker and of the command line."""

import os
import socket
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from agent_vendors import Vendor
from agent_vendors import load as load_vendors
from pydantic import Field, SecretStr, create_model, field_validator, model_validator
from service_kit.errors import ConfigError
from service_kit.settings import LogLevel, Settings, load, split_csv

from agent_engine.confinement.bwrap import Sizes
from agent_engine.confinement.limits import Bounds
from agent_engine.skills.load import known_folders

SECRETS = ("DATABASE_URL", "REDIS_URL", "AGENT_REF_KEY", "REPLY_DESTINATIONS", "CONTROL_TOKEN")
"""Dropped from the worker's environment once they are read."""


class SkillSources(Settings):
    """Where skills come from."""

    skills_path: str = Field(default="", description="extra folders of skills, separated by ':'")

    def skill_folders(self) -> list[Path]:
        """Give the shipped folder and the extra ones."""
        return known_folders(Path(part).expanduser() for part in self.skills_path.split(":") if part.strip())


class LedgerAccess(Settings):
    """What the commands that read and write tasks need."""

    database_url: SecretStr = Field(description="PostgreSQL of the ledger; `agent-stores start` starts an embedded one")


class SubmitAccess(LedgerAccess):
    """What the commands that submit tasks need."""

    access_file: Path = Field(description="access.yaml, whose entry `cli` is the command line's door")


class ControlAccess(Settings):
    """What the commands that ask control need."""

    control_url: str = Field(default="http://127.0.0.1:8000", description="the address of control")
    control_token: SecretStr = Field(description="a token of an entry under `http` in access.yaml")


class KeyFiles(Settings):
    """What the commands on keys need."""

    agent_signing_key_file: Path = Field(description="the Ed25519 key that signs the runs' tokens")
    agent_jwks_file: Path = Field(description="the public keys that all others verify them by")


class RunLimits(Settings):
    """What one run may take."""

    run_memory_mb: int = Field(
        default=2048, ge=256, le=1 << 20, description="memory of a run, with what it writes to its folders, in MiB"
    )
    run_processes: int = Field(default=512, ge=64, le=1 << 16, description="processes and threads of a run at once")
    run_disk_mb: int = Field(
        default=512,
        ge=16,
        le=1 << 19,
        description="what a run may write to its working directory, in MiB; at most half of RUN_MEMORY_MB",
    )
    run_output_mb: int = Field(
        default=64,
        ge=1,
        le=4096,
        description="what a run's CLI may say on its stdout, in MiB; each line counts as 1 KiB at least",
    )
    run_cgroups: str = Field(
        default="/sys/fs/cgroup",
        description="the cgroup file system; 'off' bounds memory and processes by resource limits alone",
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.run_memory_mb < 2 * self.run_disk_mb:
            raise ValueError(
                f"RUN_MEMORY_MB={self.run_memory_mb} is less than twice RUN_DISK_MB={self.run_disk_mb}: "
                "a run's folders lie in its memory; raise the first or lower the second"
            )
        return self

    def bounds(self) -> Bounds:
        """Give the bounds on memory and processes."""
        return Bounds(memory_mb=self.run_memory_mb, processes=self.run_processes)

    def sizes(self) -> Sizes:
        """Give the sizes of a run's folders."""
        return Sizes.of(self.run_disk_mb)

    def cgroups(self) -> Path | None:
        """Give the cgroup file system; None to leave it alone."""
        return None if self.run_cgroups == "off" else Path(self.run_cgroups)


class EngineNames(Settings):
    """Which engines there are."""

    engines: str = Field(
        default="claude",
        validation_alias="WORKER_ENGINES",
        description="the engines that it loads, by comma; each is installed code that the worker trusts",
    )

    def engine_names(self) -> tuple[str, ...]:
        """Give the engines' names."""
        return split_csv(self.engines)


class VendorNames(Settings):
    """Which vendors' MCP servers a run can be given."""

    vendor_names: str = Field(
        default="",
        validation_alias="VENDORS",
        description="the vendors that runs may be given, by comma; empty: all of this project",
    )

    @field_validator("vendor_names")
    @classmethod
    def _installed(cls, value: str) -> str:
        load_vendors(split_csv(value))
        return value

    @cached_property
    def vendors(self) -> dict[str, Vendor]:
        """The vendors' records, by name. A vendor's MCP server has the vendor's name."""
        return {vendor.name: vendor for vendor in load_vendors(split_csv(self.vendor_names))}

    def server_url(self, vendor: Vendor) -> str:
        """Give the base URL of a vendor's MCP server, which `with_addresses` reads."""
        return str(getattr(self, vendor.mcp_url_variable.lower()))


V = TypeVar("V", bound=VendorNames)


def with_addresses(settings: type[V], vendors: Iterable[Vendor]) -> type[V]:
    """Give settings with one more variable for each vendor, such as GITHUB_MCP_URL: the address of its MCP server."""
    fields: dict[str, Any] = {
        vendor.mcp_url_variable.lower(): (
            str,
            Field(default=f"http://127.0.0.1:{vendor.mcp_port}", description=f"the address of {vendor.mcp}"),
        )
        for vendor in vendors
    }
    return create_model(settings.__name__, __base__=settings, __module__=settings.__module__, **fields)


def load_addressed(settings: type[V], environ: Mapping[str, str] | None = None) -> V:
    """Read settings from the environment, with the address of each MCP server that VENDORS names.

    Raises:
        ConfigError: a variable is missing or wrong; names it.
    """
    return load(with_addresses(settings, load(VendorNames, environ).vendors.values()), environ)


class WorkerSettings(VendorNames, EngineNames, SkillSources, RunLimits):
    """The environment of `agent-engine worker`."""

    database_url: SecretStr = Field(description="PostgreSQL of the ledger; `agent-stores start` starts an embedded one")
    redis_url: SecretStr = Field(description="Redis of the inbox and of live events")
    access_file: Path = Field(description="access.yaml: the doors whose streams are drained")
    agent_signing_key_file: Path = Field(description="the Ed25519 key that signs the runs' tokens")
    agent_jwks_file: Path | None = Field(
        default=None, description="the public keys; if set, the worker starts only if its signing key is among them"
    )
    agent_ref_key: SecretStr = Field(description="hexadecimal, 32 bytes, the same as the MCP servers'")
    model_api_url: str = Field(default="http://127.0.0.1:3006", description="the address of model-api")
    mcp_transport: Literal["sse", "http"] = Field(default="sse", description="how runs speak to MCP servers")
    reply_destinations: dict[str, SecretStr] = Field(
        default_factory=dict,
        description='JSON of allowed reply origins and their secrets: {"https://host": "whsec_..."}',
    )
    allowed_hosts: str = Field(default="", description="names under which /ready and /metrics may be asked, by comma")
    allow_unauthenticated: bool = Field(default=False, description="let WORKER_HTTP listen beyond loopback")
    log_level: LogLevel = Field(default="info", description="debug, info, warning or error")
    name: str = Field(
        default="",
        validation_alias="WORKER_NAME",
        description="this worker's name, its own among all; else host and process",
    )
    http: str = Field(
        default="127.0.0.1:8010",
        validation_alias="WORKER_HTTP",
        description="where /health, /ready and /metrics are: port or host:port, 'off' for nowhere",
    )
    slots: int = Field(default=4, ge=1, le=256, validation_alias="WORKER_SLOTS", description="runs side by side")
    pools: str = Field(default="default", validation_alias="WORKER_POOLS", description="the pools it serves, by comma")
    lease_seconds: float = Field(
        default=30,
        ge=1,
        le=3600,
        validation_alias="WORKER_LEASE_SECONDS",
        description="after this long without a heartbeat a task goes to another worker",
    )
    poll_seconds: float = Field(
        default=1,
        gt=0,
        le=60,
        validation_alias="WORKER_POLL_SECONDS",
        description="how often it looks for tasks when nothing wakes it",
    )
    start_seconds: float = Field(
        default=1.5,
        ge=0,
        le=60,
        validation_alias="WORKER_START_SECONDS",
        description="the pause between two starts of a CLI",
    )
    grace_seconds: float = Field(
        default=30,
        ge=0,
        le=3600,
        validation_alias="WORKER_GRACE_SECONDS",
        description="how long runs may go on after SIGTERM before they are handed back",
    )
    retry_seconds: float = Field(
        default=5,
        ge=0,
        le=600,
        validation_alias="WORKER_RETRY_SECONDS",
        description="the pause before a second attempt; it doubles with each",
    )
    folder: Path = Field(
        default=Path("var/worker"),
        validation_alias="WORKER_FOLDER",
        description="where runs and snapshots of skills are kept while they are needed",
    )

    @field_validator("agent_ref_key")
    @classmethod
    def _hexadecimal(cls, value: SecretStr) -> SecretStr:
        try:
            key = bytes.fromhex(value.get_secret_value())
        except ValueError:
            raise ValueError("not hexadecimal: make one with `make init`") from None
        if len(key) < 16:
            raise ValueError("shorter than 16 bytes: make one with `make init`")
        return value

    @property
    def ref_key(self) -> bytes:
        """The key under which refs are recomputed."""
        return bytes.fromhex(self.agent_ref_key.get_secret_value())

    @property
    def worker_name(self) -> str:
        """The name that the ledger shows, and the consumer's in the inbox."""
        return self.name or f"{socket.gethostname()}-{os.getpid()}"

    def pool_names(self) -> tuple[str, ...]:
        """Give the pools."""
        return split_csv(self.pools)

    def listen(self) -> tuple[str, int] | None:
        """Give host and port of the worker's own HTTP, None where it has none.

        Raises:
            ConfigError: WORKER_HTTP is neither a port nor host:port.
        """
        return read_address(self.http)


def read_address(text: str) -> tuple[str, int] | None:
    """Read `8010`, `127.0.0.1:8010` or `off`.

    Raises:
        ConfigError: it is neither of the three.
    """
    if text in ("", "off"):
        return None
    host, _, port = text.rpartition(":")
    if not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise ConfigError(f"WORKER_HTTP={text} is neither a port nor host:port nor 'off'")
    return host or "127.0.0.1", int(port)
