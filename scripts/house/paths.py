"""Where a house lives: its folder, its ports and its secrets. Owns `var/` (or AGENT_BOT_HOME)."""

import hashlib
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from service_kit.bearer import new_token
from service_kit.errors import ConfigError
from service_kit.keys import publish, require_private, write_keys, write_private

from house.vendors import VENDORS

ROOT = Path(__file__).resolve().parents[2]
SIGNING = {variable: name for vendor in VENDORS for variable, name in vendor.signing.items()}
PORTS = {
    "control": 8000,
    **{vendor.api: vendor.api_port for vendor in VENDORS},
    "model-api": 3006,
    **{vendor.mcp: vendor.mcp_port for vendor in VENDORS},
    "worker": 8010,
    **{vendor.stand_in: vendor.stand_in_port for vendor in VENDORS},
    "stand-in-model": 4002,
    "redis": 6379,
    "postgres": 5432,
}
TOKENS = {
    **{vendor.service: "service" for vendor in VENDORS},
    "control.door": "door",
}
RANDOMS = (
    *SIGNING.values(),
    *(vendor.stand_in_token for vendor in VENDORS),
    "stand-in-model.key",
    "compose-postgres.password",
    "compose-redis.password",
)
COMPOSE = {
    "POSTGRES_PASSWORD": "compose-postgres.password",
    "REDIS_PASSWORD": "compose-redis.password",
    **SIGNING,
    **{f"{vendor.prefix}MCP_SERVICE_TOKEN": vendor.service for vendor in VENDORS},
    "AGENT_REF_KEY": "ref.key",
}
IMAGE_UID = 10001


@dataclass(frozen=True)
class HousePaths:
    """One house: `home` holds everything that changes, `ports` say where its processes listen."""

    home: Path
    ports: Mapping[str, int]

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], name: str = "") -> "HousePaths":
        """Read AGENT_BOT_HOME, PORT_OFFSET and NAME_PORT variables such as CONTROL_PORT.

        Args:
            environ: the environment to read.
            name: a folder beneath, so that the demo has a house of its own.

        Raises:
            ConfigError: a port is no number between 1 and 65535; names the variable that says so.
        """
        home = Path(environ.get("AGENT_BOT_HOME") or ROOT / "var").absolute()
        own = {process: environ.get(variable_of(process)) for process in PORTS}
        moved = [port for process, port in PORTS.items() if not own[process]] or [1]
        offset = _number("PORT_OFFSET", environ.get("PORT_OFFSET") or "0", 1 - min(moved), 65_535 - max(moved))
        ports = {
            process: _number(variable_of(process), own[process] or str(port + offset), 1, 65_535)
            for process, port in PORTS.items()
        }
        return cls(home / name if name else home, ports)

    def url(self, process: str) -> str:
        """Give the address of a process."""
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
        for name, kind in TOKENS.items():
            if not (keep / name).exists():
                write_private(keep / name, new_token(kind))  # type: ignore[arg-type]
        for name in RANDOMS:
            if not (keep / name).exists():
                write_private(keep / name, secrets.token_urlsafe(32))

    def make_home(self) -> None:
        """Make the folders that are missing.

        Raises:
            ConfigError: one cannot be made.
        """
        try:
            for folder in ("secrets", "log", "worker"):
                (self.home / folder).mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise ConfigError(
                f"{error.filename} cannot be made ({error.strerror}): choose another AGENT_BOT_HOME"
            ) from None

    def write_compose_env(self) -> None:
        """Write the variables that the compose files take from `make init`, and let the image's user read the key."""
        lines = [f"{variable}={self.secret(name)}" for variable, name in COMPOSE.items()]
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
    """Name the variable that sets a process's port."""
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
    """Give the path of a command of this environment."""
    return str(Path(sys.executable).parent / name)
