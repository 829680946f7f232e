"""Reading what a run left: no link is followed, only regular files are taken, and only so much."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from agent_engine.confinement.artifact_collector import MOST_DEPTH, collect, read_file


@pytest.fixture
def root(tmp_path: Path) -> Iterator[int]:
    """A run's working directory, as a descriptor."""
    (tmp_path / "work" / "artifacts").mkdir(parents=True)
    descriptor = os.open(tmp_path / "work", os.O_RDONLY | os.O_DIRECTORY)
    yield descriptor
    os.close(descriptor)


@pytest.fixture
def artifacts(tmp_path: Path, root: int) -> Path:
    """The folder of artifacts in it."""
    return tmp_path / "work" / "artifacts"


def test_only_regular_files_are_taken(artifacts: Path, root: int, tmp_path: Path) -> None:
    """Links to files and folders, pipes and sockets are left, and each is named."""
    (tmp_path / "secret").write_text("of the house")
    (artifacts / "report.md").write_text("report")
    (artifacts / "to-file").symlink_to(tmp_path / "secret")
    (artifacts / "to-folder").symlink_to(tmp_path)
    os.mkfifo(artifacts / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        here = Path.cwd()
        os.chdir(artifacts)
        listener.bind("socket")
        os.chdir(here)
        if os.getuid() == 0:
            os.mknod(artifacts / "device", 0o20666, os.makedev(1, 5))
        collected = collect(root)

    assert [(artifact.name, artifact.content) for artifact in collected.artifacts] == [("report.md", b"report")]
    left = {line.split(":")[0] for line in collected.left}
    assert left - {"device"} == {"to-file", "to-folder", "pipe", "socket"}


def test_a_folder_that_is_a_link_is_not_entered(artifacts: Path, root: int, tmp_path: Path) -> None:
    """The artifacts' folder itself may be a link: nothing behind it is read."""
    artifacts.rmdir()
    artifacts.symlink_to(tmp_path)
    (tmp_path / "secret").write_text("of the house")

    assert collect(root).artifacts == []
    assert read_file(root, "artifacts/secret", most_bytes=100) is None
    assert read_file(root, "artifacts", most_bytes=100) is None


def test_limits_hold_and_are_told(artifacts: Path, root: int) -> None:
    """Too large, too many, too deep, in total too much, and names that do not print: left with a reason."""
    (artifacts / "a-large").write_bytes(b"x" * 11)
    (artifacts / "b-fits").write_bytes(b"x" * 10)
    (artifacts / "c-fits").write_bytes(b"x" * 5)
    (artifacts / "d-too-much-in-all").write_bytes(b"x" * 6)
    (artifacts / "e\x1b[31m").write_bytes(b"x")
    (artifacts / Path(*["f"] * (MOST_DEPTH + 2))).mkdir(parents=True)
    (artifacts / "g-fits").write_bytes(b"x")
    (artifacts / "h-too-many").write_bytes(b"x")
    collected = collect(root, most_files=3, most_file_bytes=10, most_bytes=20)

    assert [artifact.name for artifact in collected.artifacts] == ["b-fits", "c-fits", "g-fits"]
    assert [line.rpartition(": ")[2] for line in collected.left] == [
        "no regular file, or too large",
        "no regular file, or too large",
        "its name has characters that do not print",
        f"more than {MOST_DEPTH} folders deep",
        "more than 3 files",
    ]


def test_nothing_left_is_no_error(root: int, artifacts: Path) -> None:
    """A run without artifacts, or without the folder, leaves an empty collected."""
    assert collect(root).left == []
    artifacts.rmdir()
    assert collect(root).left == []
    assert read_file(root, "missing/file", most_bytes=10) is None
