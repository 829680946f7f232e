"""The environment of each process: exactly its listed variables, and no credential that is another's."""

from dataclasses import replace

import pytest
from agent_vendors import Vendor, load
from house.options import Options
from house.paths import HousePaths
from house.processes import Process, processes
from service_kit.errors import ConfigError

VENDORS = load()

STAND_INS = {"LANG", "HOST", "PORT", "PATH"}
EVERYWHERE = STAND_INS | {"VENDORS"}
STORES = {"DATABASE_URL", "REDIS_URL"}
KEYS = {"ACCESS_FILE", "AGENT_JWKS_FILE"}
LISTED: dict[str, set[str]] = {
    "stores": {"PATH", "HOME", "LANG"},
    "stand-in-model": STAND_INS | {"STAND_IN_MODEL_KEY"},
    "model-api": EVERYWHERE
    | {"DATABASE_URL", "MODEL_UPSTREAM_URL", "MODEL_UPSTREAM_KEY", "AGENT_JWKS_FILE", "ACCESS_FILE"},
    "control": EVERYWHERE | {"DATABASE_URL", "ACCESS_FILE", "TRIGGERS_FILE", "PROPOSALS_FILE"},
    "worker": EVERYWHERE
    | STORES
    | {
        "ACCESS_FILE",
        "AGENT_JWKS_FILE",
        "AGENT_REF_KEY",
        "AGENT_SIGNING_KEY_FILE",
        "CONTROL_URL",
        "MCP_TRANSPORT",
        "MODEL_API_URL",
        "VENDORS",
        "WORKER_FOLDER",
        "WORKER_HTTP",
    },
}
for vendor in VENDORS:
    prefix = vendor.prefix
    LISTED["control"] |= vendor.webhook_secrets.keys()
    LISTED["worker"].add(f"{prefix}MCP_URL")
    LISTED[vendor.stand_in] = STAND_INS | {f"STAND_IN_{prefix}TOKEN", *vendor.webhook_secrets}
    LISTED[vendor.mcp] = EVERYWHERE | {f"{prefix}API_URL", f"{prefix}TOKEN", *KEYS, "AGENT_REF_KEY"}
    if vendor.has_gateway:
        LISTED[vendor.mcp].add(f"{prefix}GATEWAY")
        LISTED[vendor.api] = EVERYWHERE | STORES | KEYS | {f"{prefix}UPSTREAM_URL", f"{prefix}UPSTREAM_TOKEN"}
        LISTED[vendor.api] |= {f"{prefix}UPSTREAM_LIMITED"} if vendor.keeps_limits else set()
        LISTED[vendor.api] |= {f"{prefix}UPSTREAM_DOWNLOAD_HOSTS"} if vendor.redirects_downloads else set()
OPERATORS = {
    "HOME": "/home/someone",
    **{vendor.credential: f"operators-{vendor.name}-token" for vendor in VENDORS},
    "GITHUB_PERSONAL_ACCESS_TOKEN": "operators-personal-token",
    "ANTHROPIC_API_KEY": "operators-model-key",
    "ANTHROPIC_AUTH_TOKEN": "operators-model-token",
    "AWS_SECRET_ACCESS_KEY": "operators-other-secret",
    "LD_PRELOAD": "/tmp/evil.so",
    "PYTHONPATH": "/tmp/evil",
}
REAL = Options(real=frozenset({"model", *(vendor.name for vendor in VENDORS)}))


def listed(paths: HousePaths, environ: dict[str, str], options: Options) -> dict[str, Process]:
    """List a house's processes by name, for an operator whose environment holds much."""
    return {process.name: process for process in processes(paths, options, environ | OPERATORS)}


def holders(made: dict[str, Process], value: str) -> list[str]:
    """Name the processes that are given a value."""
    return [name for name, process in made.items() if value in " ".join([*process.env.values(), *process.argv])]


def test_each_process_is_given_its_listed_variables_alone(paths: HousePaths, environ: dict[str, str]) -> None:
    """The table above is what each process gets, whatever the operator's environment holds."""
    made = listed(paths, environ, Options())
    assert {name: set(process.env) for name, process in made.items()} == LISTED


def test_no_secret_is_on_a_command_line(paths: HousePaths, environ: dict[str, str]) -> None:
    """Command lines, which every local user can read, name no secret."""
    kept = [path.read_text().strip() for path in (paths.home / "secrets").iterdir()]
    for process in listed(paths, environ, Options()).values():
        assert not [secret for secret in kept if secret in " ".join(process.argv)]


@pytest.mark.parametrize("variable", [name for name in OPERATORS if name != "HOME"])
def test_a_key_that_merely_lies_there_goes_nowhere(paths: HousePaths, environ: dict[str, str], variable: str) -> None:
    """With stand-ins, no process is given what lies in the operator's environment."""
    assert holders(listed(paths, environ, Options()), OPERATORS[variable]) == []


def test_real_credentials_go_to_their_gateway_alone(paths: HousePaths, environ: dict[str, str]) -> None:
    """A real vendor's token is its gateway's, the real model's key is model-api's, and nobody else's."""
    made = listed(paths, environ, REAL)
    for vendor in VENDORS:
        assert holders(made, OPERATORS[vendor.credential]) == [vendor.api]
        assert made[vendor.api].env[f"{vendor.prefix}UPSTREAM_URL"] == vendor.upstream
    assert holders(made, OPERATORS["ANTHROPIC_API_KEY"]) == ["model-api"]
    assert not [name for name in made if name.startswith("stand-in-")]


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
def test_what_was_not_chosen_stays_a_stand_in(paths: HousePaths, environ: dict[str, str], vendor: Vendor) -> None:
    """A vendor's token goes nowhere while only others, or the model alone, are real."""
    made = listed(paths, environ, Options(real=REAL.real - {vendor.name}))
    assert holders(made, OPERATORS[vendor.credential]) == []
    assert [name for name in made if name.startswith("stand-in-")] == [vendor.stand_in]


@pytest.mark.parametrize(
    ("secret", "expected"),
    [
        ("ref.key", [*(vendor.mcp for vendor in VENDORS), "worker"]),
        ("control.door", []),
        ("stand-in-model.key", ["stand-in-model", "model-api"]),
        *((vendor.service_secret, [vendor.mcp]) for vendor in VENDORS),
        *((vendor.stand_in_secret, [vendor.stand_in, vendor.api]) for vendor in VENDORS),
        *((name, [vendor.stand_in, "control"]) for vendor in VENDORS for name in vendor.webhook_secrets.values()),
    ],
)
def test_a_secret_of_the_house_is_with_those_who_need_it(
    paths: HousePaths, environ: dict[str, str], secret: str, expected: list[str]
) -> None:
    """Each secret is given to exactly the processes whose work needs it."""
    assert holders(listed(paths, environ, Options()), paths.secret(secret)) == expected


def test_only_the_worker_is_told_where_the_signing_key_is(paths: HousePaths, environ: dict[str, str]) -> None:
    """The key that signs tokens is named to the worker alone; all others are given public keys."""
    assert holders(listed(paths, environ, Options()), "signing-key.json") == ["worker"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        *(({vendor.credential: ""}, f"{vendor.credential} is not set: the real {vendor.title}") for vendor in VENDORS),
        ({"ANTHROPIC_API_KEY": "", "ANTHROPIC_AUTH_TOKEN": ""}, "needs ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN"),
    ],
)
def test_a_missing_credential_is_named(
    paths: HousePaths, environ: dict[str, str], given: dict[str, str], message: str
) -> None:
    """What was chosen to be real and has no credential is refused, by the variable's name."""
    with pytest.raises(ConfigError, match=message):
        processes(paths, REAL, environ | OPERATORS | given)


APPS = [vendor for vendor in VENDORS if vendor.app_variables]


@pytest.mark.parametrize("vendor", APPS, ids=lambda vendor: vendor.name)
def test_an_app_takes_the_tokens_place(paths: HousePaths, environ: dict[str, str], vendor: Vendor) -> None:
    """With an app's variables the real vendor needs no token, and its gateway alone is given them."""
    app = {variable: f"operators-{variable}" for variable in vendor.app_variables}
    given = environ | OPERATORS | app | {vendor.credential: ""}
    made = {process.name: process for process in processes(paths, REAL, given)}
    holder = made[vendor.api if vendor.has_gateway else vendor.mcp]
    for setting, variable in vendor.app_settings.items():
        assert holder.env[setting] == app[variable]
        assert holders(made, app[variable]) == [holder.name]
    assert not [name for name in holder.env if name.endswith("UPSTREAM_TOKEN")]


@pytest.mark.parametrize("vendor", APPS, ids=lambda vendor: vendor.name)
def test_half_an_app_or_one_beside_a_token_is_refused(
    paths: HousePaths, environ: dict[str, str], vendor: Vendor
) -> None:
    """What is missing, or too much, is named by the operator's variables; with neither, both ways are named."""
    first, *rest = vendor.app_variables
    app = dict.fromkeys(vendor.app_variables, "x")
    for given, message in (
        ({first: "x", vendor.credential: ""}, f"^{', '.join(rest)} is not set: the app at"),
        (app, f"^{vendor.credential} is set too: the app at"),
        ({vendor.credential: ""}, f"^{vendor.credential} is not set: .*, or an app: {first}"),
    ):
        with pytest.raises(ConfigError, match=message):
            processes(paths, REAL, environ | OPERATORS | given)


@pytest.mark.parametrize("variable", ["ANTHROPIC_API_KEY", *(vendor.credential for vendor in VENDORS)])
def test_a_credential_that_is_no_token_is_told_by_the_operators_name(
    paths: HousePaths, environ: dict[str, str], variable: str
) -> None:
    """A key or token with a blank in it is refused before the start, by the variable that the operator set."""
    with pytest.raises(ConfigError, match=f"^{variable} is not usable: it is empty, or holds a blank") as error:
        processes(paths, REAL, environ | OPERATORS | {variable: "sk-ant abc "})
    assert "abc" not in str(error.value)


def test_given_stores_are_used(paths: HousePaths, environ: dict[str, str]) -> None:
    """With DATABASE_URL and REDIS_URL no embedded stores are started, and the processes get those addresses."""
    given = {"DATABASE_URL": "postgresql://elsewhere/db", "REDIS_URL": "redis://elsewhere:6379/0"}
    made = {process.name: process for process in processes(paths, Options(), environ | given)}
    gateways = [vendor.api for vendor in VENDORS]
    assert "stores" not in made
    assert holders(made, given["DATABASE_URL"]) == [*gateways, "model-api", "control", "worker"]


def test_a_process_does_not_show_its_environment(paths: HousePaths, environ: dict[str, str]) -> None:
    """A process's printed form has no values of its environment."""
    made = listed(paths, environ, Options())["worker"]
    assert paths.secret("ref.key") not in repr(replace(made))
