"""Where a house lives: its folder, its ports and its secrets. Owns `var/` (or AGENT_BOT_HOME)."""

import hashlib
import os
import secrets
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agent_vendors import UnknownVendor, Vendor, load
from service_kit.bearer import TokenKind, new_token
from service_kit.errors import ConfigError
from service_kit.keys import publish, require_private, write_keys, write_private
from service_kit.settings import split_csv

ROOT = Path(__file__).resolve().parents[2]
IMAGE_UID = 10001


def vendors_of(environ: Mapping[str, str]) -> tuple[Vendor, ...]:
    """Return the vendors that VENDORS names by comma, all of this project where it is not set. Raises ConfigError."""
    try:
        return load(split_csv(environ.get("VENDORS")))
    except UnknownVendor as error:
        raise ConfigError(f"VENDORS={environ.get('VENDORS', '')} is not usable: {error}") from None


def ports_of(vendors: Iterable[Vendor]) -> dict[str, int]:
    """Return the default port of each process."""
    listed = tuple(vendors)
    return {
        "control": 8000,
        **{vendor.api: vendor.api_port for vendor in listed if vendor.api_port is not None},
        "model-api": 3006,
        **{vendor.mcp: vendor.mcp_port for vendor in listed},
        "worker": 8010,
        **{vendor.stand_in: vendor.stand_in_port for vendor in listed},
        "stand-in-model": 4002,
        "redis": 6379,
        "postgres": 5432,
    }


@dataclass(frozen=True)
class HousePaths:
    """One house: the folder of all that changes, its processes' ports and its vendors."""

    home: Path
    ports: Mapping[str, int]
    vendors: tuple[Vendor, ...] = field(default_factory=load)

    @property
    def tokens(self) -> dict[str, TokenKind]:
        """The secrets that are tokens of this project, each with its kind."""
        services: dict[str, TokenKind] = {one.service_secret: "service" for one in self.vendors if one.has_gateway}
        return services | {"control.door": "door"}

    @property
    def webhook_secrets(self) -> dict[str, str]:
        """The variables that hold the vendors' webhook secrets, each with the secret's name."""
        return {variable: name for vendor in self.vendors for variable, name in vendor.webhook_secrets.items()}

    @property
    def randoms(self) -> tuple[str, ...]:
        """The secrets that are random texts."""
        return (
            *self.webhook_secrets.values(),
            *(vendor.stand_in_secret for vendor in self.vendors),
            "stand-in-model.key",
            "compose-postgres.password",
            "compose-redis.password",
        )

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], name: str = "") -> "HousePaths":
        """Read AGENT_BOT_HOME, PORT_OFFSET and NAME_PORT variables such as CONTROL_PORT; `name` is a folder beneath.

        Raises:
            ConfigError: a port is no number between 1 and 65535; names the variable that says so.
        """
        home = Path(environ.get("AGENT_BOT_HOME") or ROOT / "var").absolute()
        vendors = vendors_of(environ)
        defaults = ports_of(vendors)
        own = {process: environ.get(variable_of(process)) for process in defaults}
        moved = [port for process, port in defaults.items() if not own[process]] or [1]
        offset = _number("PORT_OFFSET", environ.get("PORT_OFFSET") or "0", 1 - min(moved), 65_535 - max(moved))
        ports = {
            process: _number(variable_of(process), own[process] or str(port + offset), 1, 65_535)
            for process, port in defaults.items()
        }
        return cls(home / name if name else home, ports, vendors)

    def url(self, process: str) -> str:
        """Return the address of a process."""
        return f"http://127.0.0.1:{self.ports[process]}"

    def secret(self, name: str) -> str:
        """Read a secret that `init` made.

        Raises:
            ConfigError: it is not there, empty or a folder, or others may read it.
            PermissionError: it is another user's.
        """
        path = self.home / "secrets" / name
        try:
            require_private(path)
            found = path.read_text().strip()
        except PermissionError:
            raise
        except OSError as error:
            raise ConfigError(f"{path} cannot be read ({error.strerror}): `make init` makes what is missing") from None
        if not found:
            raise ConfigError(f"{path} is empty: put back what it held, or remove it: `make init` makes a new one")
        return found

    @property
    def runtime(self) -> Path:
        """A short path for sockets: their length is limited to 107 bytes, whatever the checkout's path is."""
        digest = hashlib.sha256(str(self.home).encode()).hexdigest()[:12]
        return Path(os.environ.get("XDG_RUNTIME_DIR") or "/tmp") / f"agent-bot-{os.getuid()}-{digest}"  # noqa: S108 - made 0700, owner checked

    def make(self) -> None:
        """Make the folders, keys and tokens that are missing; what exists is kept.

        Raises:
            ConfigError: the folder cannot be written, or its secrets are open to others.
        """
        self.make_home()
        keep = self.home / "secrets"
        require_private(keep, folder=True)
        if not (keep / "signing-key.json").exists():
            write_keys(keep / "signing-key.json", keep / "jwks.json")
        elif not (keep / "jwks.json").exists():
            publish(keep / "signing-key.json", keep / "jwks.json")
        if not (keep / "ref.key").exists():
            write_private(keep / "ref.key", secrets.token_hex(32))
        for name in (*self.tokens, *self.randoms):
            if not (keep / name).exists():
                kind = self.tokens.get(name)
                write_private(keep / name, new_token(kind) if kind else secrets.token_urlsafe(32))

    def make_home(self) -> None:
        """Make the folders that are missing. Raises ConfigError where one cannot be made."""
        try:
            for folder in ("secrets", "log", "worker"):
                (self.home / folder).mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise ConfigError(
                f"{error.filename} cannot be made ({error.strerror}): choose another AGENT_BOT_HOME"
            ) from None

    def write_compose_env(self) -> None:
        """Write the variables that the compose files take from `make init`, and let the image's user read the key."""
        named = {
            "POSTGRES_PASSWORD": "compose-postgres.password",
            "REDIS_PASSWORD": "compose-redis.password",
            **self.webhook_secrets,
            **{f"{one.prefix}MCP_SERVICE_TOKEN": one.service_secret for one in self.vendors if one.has_gateway},
            "AGENT_REF_KEY": "ref.key",
        }
        lines = [f"{variable}={self.secret(name)}" for variable, name in named.items()]
        if os.getuid() == 0:
            os.chown(self.home / "secrets/signing-key.json", IMAGE_UID, IMAGE_UID)
        else:
            lines += [f"AGENT_BOT_UID={os.getuid()}", f"AGENT_BOT_GID={os.getgid()}"]
        write_private(self.home / "compose.env", "\n".join(lines) + "\n")

    def make_runtime(self) -> None:
        """Make the folder of sockets, which is there while the house is up.

        Raises:
            ConfigError: it cannot be made, or is somebody else's.
        """
        try:
            self.runtime.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"{self.runtime} cannot be made ({error.strerror}): set XDG_RUNTIME_DIR") from None
        if self.runtime.is_symlink() or self.runtime.stat().st_uid != os.getuid():
            raise ConfigError(f"{self.runtime} belongs to somebody else: remove it, or set XDG_RUNTIME_DIR")


def variable_of(process: str) -> str:
    """Return the variable that sets a process's port."""
    return process.upper().replace("-", "_") + "_PORT"


def _number(variable: str, value: str, low: int, high: int) -> int:
    try:
        number = int(value)
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise ConfigError(f"{variable}={value!r} is not usable: give a whole number from {low} to {high}")
    return number


def command(name: str) -> str:
    """Return the path of a command: of this environment, or else on PATH, as somebody else's vendor may bring it."""
    own = Path(sys.executable).parent / name
    return str(own) if own.exists() else shutil.which(name) or str(own)
