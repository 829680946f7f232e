"""What `make up` was told holds for the next `make up`; credentials are read from `.env` and kept nowhere else."""

from pathlib import Path

import pytest
from house.kept_settings import check_spelling, keep, told_by, with_kept
from house.paths import HousePaths
from service_kit.errors import ConfigError


@pytest.fixture
def dotenv(tmp_path: Path) -> Path:
    """The checkout's `.env`."""
    return tmp_path / ".env"


def test_the_next_one_is_told_the_same(paths: HousePaths, environ: dict[str, str], dotenv: Path) -> None:
    """Choices, ports, options and variables of one process come back as they were, whatever characters they hold."""
    given = {
        "MODEL": "real",
        "GITHUB": "real",
        "PORT_OFFSET": "7",
        "WORKER_SLOTS": "8",
        "CONTROL__ALLOWED_HOSTS": "agents.example.com",
        "DATABASE_URL": "postgresql://me:it's\\a$b #1@db/agents",
    }
    kept = keep(paths, environ | given)
    assert given.items() <= kept.items()
    assert "PATH" not in kept
    later = with_kept({"AGENT_BOT_HOME": str(paths.home)}, dotenv=dotenv)
    assert given.items() <= later.items()
    assert (paths.home / "settings.env").stat().st_mode & 0o777 == 0o600


def test_what_is_said_now_comes_first(paths: HousePaths, dotenv: Path) -> None:
    """A value given now, then the last `make up`, then `.env`; an empty value is none."""
    keep(paths, {"WORKER_SLOTS": "8", "TRANSPORT": "http"})
    dotenv.write_text("WORKER_SLOTS=2\nTRANSPORT=sse\nRUN_MEMORY_MB=512\nGITHUB_TOKEN=\n")
    later = with_kept({"AGENT_BOT_HOME": str(paths.home), "TRANSPORT": "sse", "WORKER_SLOTS": ""}, dotenv=dotenv)
    assert (later["WORKER_SLOTS"], later["TRANSPORT"], later["RUN_MEMORY_MB"]) == ("8", "sse", "512")
    assert "GITHUB_TOKEN" not in later


def test_no_credential_is_kept(paths: HousePaths, dotenv: Path) -> None:
    """Tokens, keys and secrets are in no file that the house writes; `.env`, which is the operator's, may hold them."""
    secret = {
        "GITHUB_TOKEN": "github_pat_one",
        "ANTHROPIC_API_KEY": "sk-ant-one",
        "ANTHROPIC_AUTH_TOKEN": "two",
        "CONTROL__GITHUB_WEBHOOK_SECRET": "three",
        "GITHUB_API__GITHUB_UPSTREAM_TOKEN": "four",
    }
    assert keep(paths, secret) == {}
    dotenv.write_text("".join(f"{name}={value}\n" for name, value in secret.items()))
    assert secret.items() <= with_kept({"AGENT_BOT_HOME": str(paths.home)}, dotenv=dotenv).items()


def test_a_file_that_cannot_be_read_is_named(paths: HousePaths, dotenv: Path) -> None:
    """The file and the remedy are told."""
    dotenv.write_bytes(b"MODEL=\xff\n")
    with pytest.raises(ConfigError, match=r"\.env cannot be read \(it is not UTF-8\): mend it, or remove it"):
        with_kept({"AGENT_BOT_HOME": str(paths.home)}, dotenv=dotenv)


def test_a_slip_is_told(paths: HousePaths) -> None:
    """A setting that is nearly a known one is refused, on make's command line and in the file of kept ones."""
    for flags in ("", "-j2", "-- MODEL=real CASES=x V=1 CONTROL__ALLOWED_HOSTS=a\\ b"):
        check_spelling({"MAKEFLAGS": flags}, paths)
    for given, meant in (("MODLL", "MODEL"), ("door", "DOOR"), ("CONTROL_PRT", "CONTROL_PORT"), ("MDOE", "MODE")):
        with pytest.raises(ConfigError, match=rf"make's command line sets {given}, .* did you mean {meant}\?"):
            check_spelling({"MAKEFLAGS": f"s -- TRANSPORT=http {given}=1"}, paths)
    (paths.home / "settings.env").write_text("PORT_OFSET=4\n")
    with pytest.raises(ConfigError, match=r"settings\.env sets PORT_OFSET, .* did you mean PORT_OFFSET\?"):
        check_spelling({}, paths)


def test_an_error_says_which_file_set_the_value(paths: HousePaths, dotenv: Path) -> None:
    """What comes from a file is told with its file, unless it is given now."""
    (paths.home / "settings.env").write_text("SKILLS_PATH='/nowhere'\n")
    dotenv.write_text("WORKER_SLOTS=two\n")
    error = ConfigError("worker cannot start with SKILLS_PATH, WORKER_SLOTS")
    told = told_by(error, {}, paths, dotenv=dotenv)
    assert told == f" (SKILLS_PATH is set in {paths.home}/settings.env; WORKER_SLOTS is set in {dotenv})"
    assert told_by(error, {"SKILLS_PATH": "/x", "WORKER_SLOTS": "2"}, paths, dotenv=dotenv) == ""


def test_an_error_of_a_file_itself_is_told_as_it_is(paths: HousePaths, dotenv: Path) -> None:
    """A file that cannot be read does not hide the error that is being told."""
    (paths.home / "settings.env").write_text("SKILLS_PATH='/nowhere'\n")
    dotenv.write_bytes(b"\xff\n")
    told = told_by(ConfigError("SKILLS_PATH is wrong"), {}, paths, dotenv=dotenv)
    assert told == f" (SKILLS_PATH is set in {paths.home}/settings.env)"


def test_a_line_that_is_no_setting_is_named(paths: HousePaths, dotenv: Path) -> None:
    """The file and the line are told."""
    dotenv.write_text("MODEL=real\n= oh no\n")
    with pytest.raises(ConfigError, match=r"\.env: line 2 is not NAME=value"):
        with_kept({"AGENT_BOT_HOME": str(paths.home)}, dotenv=dotenv)
