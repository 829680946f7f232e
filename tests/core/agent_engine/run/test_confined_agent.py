"""What an agent with a shell of its own finds inside the confinement."""

import json
import shlex
import shutil
import socket
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from agent_contracts.event import Warning as WarningEvent
from agent_engine.confinement.bwrap import python_program
from agent_engine.confinement.limits import MIB

pytestmark = [pytest.mark.cli, pytest.mark.apart]

HOUSE_SECRET = "the-house-secret-0123456789"


@pytest.fixture
def references(tmp_path: Path) -> Path:
    """A skill's references: the program of attacks."""
    folder = tmp_path / "skill"
    folder.mkdir()
    shutil.copy(Path(__file__).with_name("attack.py"), folder)
    return folder


@pytest.mark.slow
async def test_an_agents_shell_finds_nothing_of_the_house(
    spec: Any, start: Any, told: Any, references: Path, monkeypatch: pytest.MonkeyPatch, model: str, lab: Any
) -> None:
    """No secret but the run's own tokens, no file of the house, no address but the run's own, nothing to write."""
    monkeypatch.setenv("HOUSE_SECRET", HOUSE_SECRET)
    house = [str(Path(__file__)), sys.prefix, str(Path.home()), str(references.parent), "/etc/shadow", "/sys", "/var"]
    with socket.create_server(("127.0.0.1", 0)) as other:
        ours = [f"127.0.0.1:{urlsplit(url).port}" for url in (model, lab.url)]
        theirs = [f"127.0.0.1:{other.getsockname()[1]}", "192.0.2.1:80"]
        arguments = [json.dumps(house), *ours, *theirs]
        attack = shlex.join([python_program(), "-I", "/skill/attack.py", *arguments])
        command = f"mkdir artifacts; {attack} > artifacts/found.json"
        prompt = "PLAY bash " + json.dumps({"command": command})
        end = await start(spec(prompt, built_in_tools=("Bash",), references=references))

    assert [artifact.name for artifact in end.artifacts] == ["found.json"], told.results("Bash")
    found = json.loads(end.artifacts[0].content)
    everything = json.dumps(found)
    assert HOUSE_SECRET not in everything
    assert any("ANTHROPIC_API_KEY=model-token-of-this-run" in text for text in found["environments"].values())
    assert found["environments"]["/proc/1/environ"] == ""
    assert found["readable"] == []
    assert set(found["top"]) <= TOP
    assert found["home"] == ["run"]
    assert set(found["etc"]) == {"/etc/passwd", "/etc/group", "/etc/hosts", "/etc/nsswitch.conf"}
    assert found["proc_writable"] == []
    assert set(found["writable"]) <= DEVICES
    assert set(found["changeable"]) <= {"/dev/pts", "/dev/pts/ptmx"}, "its own terminals"
    assert [found["reaches"][address] for address in ours] == ["connected", "connected"]
    assert all("connected" not in found["reaches"][address] for address in theirs)
    assert found["families"] == {
        "packet": "Address family not supported by protocol",
        "vsock": "Address family not supported by protocol",
        "alg": "Address family not supported by protocol",
        "inet": "opened",
        "unix": "opened",
    }
    assert found["stdin"] is False
    assert found["nested"] == "refused"
    assert found["memory"] == {"/work": 512 * MIB, "/home/run": 256 * MIB, "/tmp": 128 * MIB, "/dev/shm": 64 * MIB}


TOP = {
    "bin",
    "dev",
    "etc",
    "home",
    "lib",
    "lib32",
    "lib64",
    "opt",
    "proc",
    "run",
    "sbin",
    "skill",
    "tmp",
    "usr",
    "work",
}
DEVICES = {"/dev/full", "/dev/null", "/dev/pts/ptmx", "/dev/random", "/dev/tty", "/dev/urandom", "/dev/zero"}


@pytest.mark.slow
async def test_only_regular_files_are_taken_from_a_run(spec: Any, start: Any, told: Any, references: Path) -> None:
    """Links, pipes and what lies behind them stay where they are; each is named with its reason."""
    references.joinpath("leave.sh").write_text(
        """
        mkdir -p artifacts/deep
        echo report > artifacts/report.md
        echo more > artifacts/deep/more.txt
        ln -s /etc/passwd artifacts/passwd
        ln -s /work/artifacts/report.md artifacts/inside
        ln -s / artifacts/root
        mkfifo artifacts/pipe
        truncate -s 1G artifacts/huge
        """
    )
    prompt = "PLAY bash " + json.dumps({"command": "sh /skill/leave.sh"})
    end = await start(spec(prompt, built_in_tools=("Bash",), references=references))

    assert told.results("Bash")[0].ok, told.results("Bash")
    assert {artifact.name: artifact.content for artifact in end.artifacts} == {
        "report.md": b"report\n",
        "deep/more.txt": b"more\n",
    }
    left = [body.message for body in told.events if isinstance(body, WarningEvent)]
    assert left == [
        f"artifact left: {name}: no regular file, or too large" for name in ("huge", "inside", "passwd", "pipe", "root")
    ]
