"""The environment of the worker and of the command line."""

import os
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from agent_vendors import Vendor
from pydantic import Field, SecretStr, create_model, field_validator, model_validator
from service_kit.checkout import remedy
from service_kit.errors import ConfigError
from service_kit.settings import Address, LogLevel, Settings, VendorNames, load, split_csv

from agent_engine.confinement.limits import Bounds
from agent_engine.skills.load import known_folders

SECRETS = ("DATABASE_URL", "REDIS_URL", "AGENT_REF_KEY", "REPLY_DESTINATIONS", "CONTROL_TOKEN")
"""Dropped from the worker's environment once they are read."""


def ref_key_remedy() -> str:
    """Return how to make an AGENT_REF_KEY."""
    return remedy(checkout="make one with `make init`", package="make one with `openssl rand -hex 32`")


class SkillSources(Settings):
    """Where skills come from."""

    skills_path: str = Field(default="", description="extra folders of skills, separated by ':'")

    def skill_folders(self) -> list[Path]:
        """Give the shipped folder and the extra ones."""
        return known_folders(Path(part).expanduser() for part in self.skills_path.split(":") if part.strip())


class LedgerAccess(Settings):
    """What the commands that read and write tasks need."""

    database_url: SecretStr = Field(description="PostgreSQL of the ledger; `agent-stores start` starts an embedded one")


class AccessPath(Settings):
    """What the commands on access need."""

    access_file: Path = Field(description="access.yaml: doors, people, services and tenants")


class SubmitAccess(LedgerAccess):
    """What the commands that submit tasks need."""

    access_file: Path = Field(description="access.yaml, whose entry `cli` is the command line's door")


class ControlAccess(Settings):
    """What the commands that ask control need."""

    control_url: Address = Field(default="http://127.0.0.1:8000", description="the address of control")
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
        """Give the bounds on memory, processes and disk."""
        return Bounds(memory_mb=self.run_memory_mb, processes=self.run_processes, disk_mb=self.run_disk_mb)

    def cgroups(self) -> Path | None:
        """Give the cgroup file system; None to leave it alone."""
        return None if self.run_cgroups == "off" else Path(self.run_cgroups)


class EngineNames(Settings):
    """Which engines there are."""

    worker_engines: str = Field(
        default="claude",
        description="the engines that it loads, by comma; each is installed code that the worker trusts",
    )

    def engine_names(self) -> tuple[str, ...]:
        """Give the engines' names."""
        return split_csv(self.worker_engines)


class ServersInUse(VendorNames):
    """The MCP servers that runs may be given: those of the vendors in use."""

    def server_url(self, vendor: Vendor) -> str:
        """Give the base URL of a vendor's MCP server, which `with_addresses` reads."""
        return str(getattr(self, vendor.mcp_url_variable.lower()))


V = TypeVar("V", bound=ServersInUse)


def with_addresses(settings: type[V], vendors: Iterable[Vendor]) -> type[V]:
    """Give settings with one more variable for each vendor, such as GITHUB_MCP_URL: the address of its MCP server."""
    fields: dict[str, Any] = {
        vendor.mcp_url_variable.lower(): (
            Address,
            Field(default=f"http://127.0.0.1:{vendor.mcp_port}", description=f"the address of {vendor.mcp}"),
        )
        for vendor in vendors
    }
    return create_model(settings.__name__, __base__=settings, __module__=settings.__module__, **fields)


def load_addressed(settings: type[V], environ: Mapping[str, str] | None = None) -> V:
    """Read settings, with the address of each MCP server that VENDORS names. Raises ConfigError."""
    return load(with_addresses(settings, load(VendorNames, environ).vendors.values()), environ)


class WorkerSettings(ServersInUse, EngineNames, SkillSources, RunLimits):
    """The environment of `agent-engine worker`."""

    database_url: SecretStr = Field(description="PostgreSQL of the ledger; `agent-stores start` starts an embedded one")
    redis_url: SecretStr = Field(description="Redis of the inbox and of live events")
    access_file: Path = Field(description="access.yaml: the doors whose streams are drained")
    agent_signing_key_file: Path = Field(description="the Ed25519 key that signs the runs' tokens")
    agent_jwks_file: Path | None = Field(
        default=None, description="the public keys; if set, the worker starts only if its signing key is among them"
    )
    agent_ref_key: SecretStr = Field(description="hexadecimal, 32 bytes, the same as the MCP servers'")
    model_api_url: Address = Field(default="http://127.0.0.1:3006", description="the address of model-api")
    mcp_transport: Literal["sse", "http"] = Field(default="sse", description="how runs speak to MCP servers")
    reply_destinations: dict[str, SecretStr] = Field(
        default_factory=dict,
        description='JSON of allowed reply origins and their secrets: {"https://host": "whsec_..."}',
    )
    allowed_hosts: str = Field(default="", description="names under which /ready and /metrics may be asked, by comma")
    allow_unauthenticated: bool = Field(default=False, description="let WORKER_HTTP listen beyond loopback")
    log_level: LogLevel = Field(default="info", description="debug, info, warning or error")
    worker_name: str = Field(default="", description="this worker's name, its own among all; else host and process")
    worker_http: str = Field(
        default="127.0.0.1:8010",
        description="where /health, /ready and /metrics are: port or host:port, 'off' for nowhere",
    )
    worker_slots: int = Field(default=4, ge=1, le=256, description="runs side by side")
    worker_pools: str = Field(default="default", description="the pools it serves, by comma")
    worker_lease_seconds: float = Field(
        default=30, ge=1, le=3600, description="after this long without a heartbeat a task goes to another worker"
    )
    worker_poll_seconds: float = Field(
        default=1, gt=0, le=60, description="how often it looks for tasks when nothing wakes it"
    )
    worker_start_seconds: float = Field(default=1.5, ge=0, le=60, description="the pause between two starts of a CLI")
    worker_grace_seconds: float = Field(
        default=30, ge=0, le=3600, description="how long runs may go on after SIGTERM before they are handed back"
    )
    worker_retry_seconds: float = Field(
        default=5, ge=0, le=600, description="the pause before a second attempt; it doubles with each"
    )
    worker_folder: Path = Field(
        default=Path("var/worker"),
        description="where runs and snapshots of skills are kept while they are needed; "
        "runs that a root worker gives another uid are in TMPDIR (else /tmp) instead",
    )

    @field_validator("agent_ref_key")
    @classmethod
    def _hexadecimal(cls, value: SecretStr) -> SecretStr:
        try:
            key = bytes.fromhex(value.get_secret_value())
        except ValueError:
            raise ValueError(f"not hexadecimal: {ref_key_remedy()}") from None
        if len(key) < 16:
            raise ValueError(f"shorter than 16 bytes: {ref_key_remedy()}")
        return value

    @property
    def ref_key(self) -> bytes:
        """The key under which refs are recomputed."""
        return bytes.fromhex(self.agent_ref_key.get_secret_value())

    @property
    def name(self) -> str:
        """The name that the ledger shows, and the consumer's in the inbox."""
        return self.worker_name or f"{socket.gethostname()}-{os.getpid()}"

    def pool_names(self) -> tuple[str, ...]:
        """Give the pools."""
        return split_csv(self.worker_pools)

    def listen(self) -> tuple[str, int] | None:
        """Give host and port of the worker's own HTTP; None where it has none.

        Raises:
            ConfigError: WORKER_HTTP is not `8010`, `127.0.0.1:8010` or `off`, or the like.
        """
        if self.worker_http in ("", "off"):
            return None
        host, _, port = self.worker_http.rpartition(":")
        if not (port.isascii() and port.isdigit()) or int(port) > 65535:
            raise ConfigError(f"WORKER_HTTP={self.worker_http} is neither a port nor host:port nor 'off'")
        return host or "127.0.0.1", int(port)
