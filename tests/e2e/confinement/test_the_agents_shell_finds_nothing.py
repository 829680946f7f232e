"""What an agent with a shell of its own finds in a run of the whole house: its own tokens and servers, nothing else."""

import hashlib

import jwt
from agent_vendors import load
from e2e.confinement.conftest import CANARY, OUTSIDE, OWN, PRESENT, REPOSITORY, Shell, address
from fixtures.house import RunningHouse
from house.paths import ports_of

PORTS = ports_of(load())


def digest(text: str) -> str:
    """Give a text's digest, as the probe does."""
    return hashlib.sha256(text.encode()).hexdigest()


def house_secrets(house: RunningHouse) -> dict[str, str]:
    """Give everything secret that the house holds, by name."""
    files = (house.paths.home / "secrets").iterdir()
    secrets = {path.name: path.read_text().strip() for path in files if path.is_file()}
    return secrets | {
        "DATABASE_URL": house.urls["DATABASE_URL"],
        "REDIS_URL": house.urls["REDIS_URL"],
        "canary": CANARY,
    }


def test_the_run_itself_succeeded(shell: Shell) -> None:
    """The probe ran in a real run, fully confined, whose verdict is good: what it did not find was not there."""
    assert shell.result.status == "succeeded", shell.result.message
    (confinement,) = [event.body.confinement for event in shell.events if event.body.kind == "started"]
    assert confinement.startswith("bubblewrap")


def test_no_environment_holds_a_secret_but_the_runs_own(shell: Shell, house: RunningHouse) -> None:
    """In every /proc/*/environ the only secret is the run's model token."""
    environments = shell.found["environments"]
    assert len(environments) >= 2
    assert environments["/proc/1/environ"] == {}
    held = {(name, value) for environment in environments.values() for name, value in environment.items()}
    secret = {digest(text): name for name, text in house_secrets(house).items()}
    assert not {(name, secret[value]) for name, value in held if value in secret}
    assert {name for name, value in held if value == digest(shell.tokens["model"])} == {"ANTHROPIC_API_KEY"}
    assert not {name for name, _ in held} & set(house.engine_env(HOUSE_CANARY=CANARY)) - {"PATH", "LANG"}


def test_no_file_of_the_house_is_there(shell: Shell) -> None:
    """Neither keys, access file, stores, logs and checkout nor other runs' folders exist for the agent."""
    assert shell.found["seen"] == PRESENT
    assert len(shell.found["processes"]) < 12


def test_only_its_own_servers_answer(shell: Shell, house: RunningHouse) -> None:
    """Of all addresses of the house, and outside of it, only its MCP server and model-api can be reached."""
    assert shell.found["routes"] == [], "nothing leads out, or the addresses outside were not to be called"
    reached = {name: shell.found["reaches"][address(house, name)] for name in PORTS}
    assert {name for name, state in reached.items() if state == "connected"} == set(OWN)
    assert {state for name, state in reached.items() if name not in OWN} == {"Connection refused"}
    assert {shell.found["reaches"][outside] for outside in OUTSIDE} == {"Network is unreachable"}


def test_nothing_of_the_kernels_settings_can_be_written(shell: Shell) -> None:
    """No file of /proc/sys opens for writing; one of the run's own does."""
    assert shell.found["mine"]
    assert shell.found["proc_sys"] == []


def test_the_runs_tokens_are_masked_in_all_that_is_kept(shell: Shell) -> None:
    """`env` printed the model token: events, result and transcript hold a mark in its place."""
    assert "ANTHROPIC_API_KEY=" in shell.kept
    for token in shell.tokens.values():
        assert token not in shell.kept


def test_the_tokens_say_what_skill_and_task_allow(shell: Shell) -> None:
    """The task token is for this run, vendor, server and gateway, and ends with the wall clock and a minute."""
    claims = {name: jwt.decode(token, options={"verify_signature": False}) for name, token in shell.tokens.items()}
    for token in claims.values():
        assert (token["sub"], token["attempt"], token["tenant"]) == (str(shell.task), 1, "default")
        assert token["exp"] - token["iat"] == 90 + 60
    assert claims["model"]["aud"] == ["model-api"]
    assert claims["model"]["models"] == ["claude-sonnet-5-5"]
    assert claims["task"]["aud"] == ["github-mcp", "github-api"]
    assert claims["task"]["grant"] == {
        "tools": ["issue_read", "list_labels", "add_issue_comment"],
        "resources": {"repositories": [REPOSITORY]},
        "mode": "write",
        "limits": {"add_issue_comment": 1},
    }
