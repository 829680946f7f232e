"""Packs an MCP server into a bundle (.mcpb) for Claude Desktop, and writes the server.json that publishes it.

The bundle holds our own packages as wheels, which no index is asked for; uv installs the others, in the versions of
uv.lock, on the user's machine.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[1]
MCPB = "@anthropic-ai/mcpb@2.1.2"
OURS = "agent-bot-"


def main(argv: Sequence[str] | None = None) -> int:
    """Pack the bundle of one server; return 0, or 1 with what failed on standard error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", default="github", help="a folder of mcp-servers")
    parser.add_argument(
        "--owner", type=_owner, default="OWNER", help="whose repository releases the bundle; it stands in server.json"
    )
    parser.add_argument("--out", type=Path, default=CHECKOUT / "dist", help="where the two files are put")
    asked = parser.parse_args(argv)
    if shutil.which("npx") is None:
        sys.stderr.write("error: packing needs npx, for Anthropic's mcpb: install Node.js 20 or later\n")
        return 1
    try:
        bundle = pack(asked.server, asked.out)
        server = asked.out / "server.json"
        server.write_text(json.dumps(described(asked.server, bundle, asked.owner), indent=2) + "\n")
    except (OSError, subprocess.CalledProcessError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    print(f"{bundle}\n{server}")
    if asked.owner == "OWNER":
        print("server.json names OWNER: set it before you publish, as in make bundle OWNER=your-organisation")
    return 0


def _owner(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no name of a GitHub account")
    return text


def pack(server: str, out: Path) -> Path:
    """Pack the bundle of a server, after its manifest was found valid; return its path."""
    out.mkdir(parents=True, exist_ok=True)
    bundle = out.resolve() / f"{server}-mcp.mcpb"
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        fill(server, folder)
        _mcpb("validate", str(folder / "manifest.json"))
        _mcpb("pack", str(folder), str(bundle))
    return bundle


def fill(server: str, folder: Path) -> None:
    """Write into a folder all that a server's bundle holds."""
    source = CHECKOUT / "mcp-servers" / server
    module = f"{server.replace('-', '_')}_mcp"
    shutil.copy(source / "mcpb" / "manifest.json", folder)
    shutil.copy(CHECKOUT / "LICENSE", folder)
    (folder / "main.py").write_text(f"from {module}.__main__ import main\n\nmain()\n")
    wheels = folder / "wheels"
    for package in _ours(f"{OURS}{server}-mcp"):
        _uv("build", "--quiet", "--wheel", "--package", package, "--out-dir", str(wheels))
    (wheels / ".gitignore").unlink(missing_ok=True)
    (folder / "pyproject.toml").write_text(_project(server, sorted(wheels.glob("*.whl"))))


def described(server: str, bundle: Path, owner: str) -> dict[str, Any]:
    """Return the server.json of a bundle that is released in a repository of the owner's."""
    text = (CHECKOUT / "mcp-servers" / server / "server.json").read_text().replace("OWNER", owner)
    document: dict[str, Any] = json.loads(text)
    for package in document["packages"]:
        package["fileSha256"] = hashlib.sha256(bundle.read_bytes()).hexdigest()
    return document


def _ours(package: str) -> list[str]:
    """Return this package and those of this project that it needs."""
    projects = {}
    for path in CHECKOUT.glob("*/*/pyproject.toml"):
        project = tomllib.loads(path.read_text())["project"]
        projects[project["name"]] = project
    found, rest = [], [package]
    while rest:
        name = rest.pop()
        if name in projects and name not in found:
            found.append(name)
            rest += [_name_of(one) for one in projects[name].get("dependencies", ())]
    return found


def _name_of(requirement: str) -> str:
    return requirement.partition("[")[0].partition(">")[0].partition("=")[0].strip()


def _project(server: str, wheels: Sequence[Path]) -> str:
    """Write the project by which uv installs the bundle: our wheels by their paths, the others as uv.lock has them."""
    pinned = _uv(
        *("export", "--quiet", "--frozen", "--package", f"{OURS}{server}-mcp", "--no-emit-workspace", "--no-hashes"),
        *("--no-header", "--no-annotate", "--no-default-groups"),
    )
    names = [wheel.name.partition("-")[0].replace("_", "-") for wheel in wheels]
    version = next(wheel.name.split("-")[1] for wheel, name in zip(wheels, names, strict=True) if server in name)
    sources = [f'{name} = {{ path = "wheels/{wheel.name}" }}' for wheel, name in zip(wheels, names, strict=True)]
    lines = [
        "[project]",
        f'name = "{server}-mcp-bundle"',
        f'version = "{version}"',
        'requires-python = ">=3.11"',
        f"dependencies = {json.dumps(names)}",
        "",
        "[tool.uv]",
        "package = false",
        f"constraint-dependencies = {json.dumps(pinned.splitlines(), indent=2)}",
        "",
        "[tool.uv.sources]",
        *sources,
    ]
    return "\n".join(lines) + "\n"


def _uv(*arguments: str) -> str:
    found = shutil.which("uv", path=f"{os.environ['PATH']}:{CHECKOUT / '.tools' / 'bin'}") or "uv"
    return _run(found, *arguments)


def _mcpb(*arguments: str) -> str:
    return _run("npx", "--yes", MCPB, *arguments)


def _run(*command: str) -> str:
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"{' '.join(command[:4])} failed: {(done.stderr or done.stdout).strip()[-2000:]}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
