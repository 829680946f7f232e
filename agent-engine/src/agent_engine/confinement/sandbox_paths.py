"""Where things are as a confined CLI sees them: folders, its program, and the addresses it may call."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

LOWEST_FREE_PORT = 1024
FIRST_SPARE_PORT = 20000


@dataclass(frozen=True)
class Target:
    """One address outside that a run may reach."""

    host: str
    port: int
    tls: bool = False


@dataclass(frozen=True, kw_only=True)
class SandboxPaths:
    """What the CLI is told instead of the machine's own paths and addresses.

    Attributes:
        files: where the driver's files lie, read-only.
        skill: where the skill's references lie, read-only.
        source: its executable outside.
        folder: where the confinement may keep files outside.
        openings: the loopback ports inside, and where each leads.
        urls: outer URLs and what stands for them inside.
    """

    work: str
    home: str
    files: str
    temp: str
    skill: str | None
    program: str
    source: Path
    folder: Path
    openings: Mapping[int, Target] = field(default_factory=dict)
    urls: Mapping[str, str] = field(default_factory=dict)

    def inner(self, url: str) -> str:
        """Translate an outer URL."""
        return self.urls.get(url, url)

    def target(self, url: str) -> Target | None:
        """Return where an outer URL leads through an opening; None where the CLI reaches it by itself."""
        return self.openings.get(urlsplit(self.inner(url)).port or 0)


@dataclass(frozen=True, kw_only=True)
class Launch:
    """What is started.

    Attributes:
        files: read-only files, by name below `SandboxPaths.files`.
        home_files: files of the CLI's own, by path below HOME.
        references: a folder bound read-only at `SandboxPaths.skill`.
        held: an outer URL whose address is not reached before `SandboxedProcess.release`; see `Forwarder`.
    """

    argv: list[str]
    env: Mapping[str, str]
    stdin: bytes
    files: Mapping[str, bytes] = field(default_factory=dict)
    home_files: Mapping[str, bytes] = field(default_factory=dict)
    references: Path | None = None
    held: str | None = None


def open_to(urls: Iterable[str]) -> tuple[dict[int, Target], dict[str, str]]:
    """Give each URL's address a loopback port inside, the same one where that is possible.

    Keeping the port keeps the Host header that a server's guard expects (`127.0.0.1:9001`).

    Returns:
        The ports inside with their targets, and each URL as it reads inside.
    """
    openings: dict[int, Target] = {}
    inner: dict[str, str] = {}
    for url in urls:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"not an http address: {url!r}")
        tls = parts.scheme == "https"
        target = Target(parts.hostname, parts.port or (443 if tls else 80), tls)
        port = _port_for(target, openings)
        openings[port] = target
        inner[url] = urlunsplit(("http", f"127.0.0.1:{port}", parts.path, parts.query, ""))
    return openings, inner


def _port_for(target: Target, openings: Mapping[int, Target]) -> int:
    for port, known in openings.items():
        if known == target:
            return port
    if target.port >= LOWEST_FREE_PORT and target.port not in openings:
        return target.port
    return next(port for port in range(FIRST_SPARE_PORT, 2**16) if port not in openings)
