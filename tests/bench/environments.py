"""The peers' own environments: made from their locks, with the versions that the figures are about."""

import json
import os
import shutil
import subprocess
from pathlib import Path

from bench.processes import BenchError

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).parent / "peers"
KEPT = ROOT / "var" / "bench"
VERSIONS = {
    "fastmcp": {"fastmcp": "4.2.3", "uvicorn": "0.54.0"},
    "passthrough": {"starlette": "1.10.0", "httpx": "0.28.1", "uvicorn": "0.54.0"},
}
"""Those of our own lock: the peers are to differ by what we put on top alone."""
ASK = "import importlib.metadata as m, json, sys; print(json.dumps({name: m.version(name) for name in sys.argv[1:]}))"


def commands_of(peer: str) -> Path:
    """Make a peer's environment where it is not there yet, and give the folder of its commands.

    Raises:
        BenchError: it cannot be made.
    """
    uv = shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")
    environment = KEPT / peer
    done = subprocess.run(
        [uv, "sync", "--quiet", "--frozen", "--project", str(FOLDER / peer)],
        env=_inherited() | {"UV_PROJECT_ENVIRONMENT": str(environment), "UV_PYTHON_DOWNLOADS": "never"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BenchError(f"the environment of {peer} cannot be made:\n{done.stderr}")
    return environment / "bin"


def python_of(peer: str) -> Path:
    """Make a peer's environment where it is not there yet, and give its Python.

    Raises:
        BenchError: it cannot be made, or holds other versions than the peer's or ours.
    """
    python = commands_of(peer) / "python"
    for one in (python, ROOT / ".venv" / "bin" / "python"):
        names = VERSIONS[peer]
        told = subprocess.run([one, "-c", ASK, *names], capture_output=True, text=True, check=True).stdout
        if json.loads(told) != names:
            raise BenchError(f"{one} has {told.strip()}, and the figures are about {names}: bring both locks together")
    return python


def node_modules_of(peer: str) -> Path:
    """Install a peer from its npm lock where it is not there yet, and give the folder of its packages.

    Raises:
        BenchError: it cannot be installed.
    """
    environment = KEPT / peer
    environment.mkdir(parents=True, exist_ok=True)
    lock, taken = FOLDER / peer / "package-lock.json", environment / "package-lock.json"
    modules = environment / "node_modules"
    if not modules.is_dir() or not taken.is_file() or taken.read_bytes() != lock.read_bytes():
        for name in ("package.json", "package-lock.json"):
            shutil.copy(FOLDER / peer / name, environment / name)
        argv = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(argv, cwd=environment, env=_inherited(), capture_output=True, text=True, check=False)
        if done.returncode:
            shutil.rmtree(modules, ignore_errors=True)
            raise BenchError(f"the packages of {peer} cannot be installed:\n{done.stderr}")
    return modules


def _inherited() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
