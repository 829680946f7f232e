"""The processes of a house: what each runs, and the only variables that it is given."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from agent_stores.background import urls
from agent_stores.embedded import Plan
from service_kit.errors import ConfigError

from house.choice import Choice
from house.place import ROOT, SIGNING, Place, command
from house.vendors import VENDORS, Vendor

OPTIONS = {
    "control": ("GITHUB_OWN_LOGINS", "MAX_WEBHOOK_BYTES", "MAX_STREAMS"),
    **{vendor.api: vendor.api_options for vendor in VENDORS},
    "model-api": ("MODELS", "MODEL_PRICES"),
    **{vendor.mcp: vendor.mcp_options for vendor in VENDORS},
    "worker": (
        "SKILLS_PATH",
        "CLAUDE_CLI",
        "REPLY_DESTINATIONS",
        "WORKER_POOLS",
        "WORKER_LEASE_SECONDS",
        "WORKER_GRACE_SECONDS",
        "WORKER_RETRY_SECONDS",
        "WORKER_START_SECONDS",
        "RUN_MEMORY_MB",
        "RUN_PROCESSES",
        "RUN_DISK_MB",
        "RUN_OUTPUT_MB",
        "RUN_CGROUPS",
    ),
}
"""What the operator may set under its own name; `PROCESS__VARIABLE`, as in CONTROL__ALLOWED_HOSTS, sets any other."""
PASSED_ON = ("PATH", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "LOG_LEVEL")
LOCALE = {"LANG": "C.UTF-8"}
"""Not the operator's: under one that is not installed, Python does not start in a path with umlauts."""


@dataclass(frozen=True)
class Process:
    """One process: its command and its environment."""

    name: str
    argv: list[str]
    env: dict[str, str] = field(repr=False)


def processes(place: Place, choice: Choice, environ: Mapping[str, str]) -> list[Process]:
    """List a house's processes in the order of their start, the stores first.

    Raises:
        ConfigError: something real was chosen and its credential is missing.
    """
    given = environ.get("DATABASE_URL") and environ.get("REDIS_URL")
    made = [] if given else [_stores(place, environ)]
    made += [_stand_in(place, vendor, environ) for vendor in VENDORS if vendor.name not in choice.real]
    if "model" not in choice.real:
        made.append(_stand_in_model(place, environ))
    urls = urls_of(place, environ)
    made += [
        *(_gateway(place, vendor.api, environ, _upstream(place, vendor, choice, environ), urls) for vendor in VENDORS),
        _model_api(place, choice, environ, urls),
        *(_mcp(place, vendor, environ) for vendor in VENDORS),
        _control(place, environ, urls),
        _worker(place, choice, environ, urls),
    ]
    return [_with_options(process, environ) for process in made]


def prefix_of(process: str) -> str:
    """Give what the operator's variables for one process begin with."""
    return process.upper().replace("-", "_") + "__"


def _with_options(process: Process, environ: Mapping[str, str]) -> Process:
    prefix = prefix_of(process.name)
    given = {name.removeprefix(prefix): value for name, value in environ.items() if name.startswith(prefix)}
    return replace(process, env=process.env | given)


def urls_of(place: Place, environ: Mapping[str, str]) -> dict[str, str]:
    """Give DATABASE_URL and REDIS_URL: those of the environment, else the embedded stores'."""
    database_url, redis_url = urls(stores_of(place, environ))
    return {"DATABASE_URL": database_url, "REDIS_URL": redis_url}


def stores_of(place: Place, environ: Mapping[str, str]) -> Plan:
    """Say which stores are to run where."""
    return Plan(
        folder=place.home / "stores",
        postgres_port=place.ports["postgres"],
        redis_port=place.ports["redis"],
        database_url=environ.get("DATABASE_URL") or None,
        redis_url=environ.get("REDIS_URL") or None,
    )


def _base(environ: Mapping[str, str], place: Place, name: str) -> dict[str, str]:
    passed = {key: environ[key] for key in (*PASSED_ON, *OPTIONS.get(name, ())) if environ.get(key)}
    return {**LOCALE, **passed, "HOST": "127.0.0.1", "PORT": str(place.ports.get(name, 0))}


def ready_url(place: Place, name: str) -> str | None:
    """Give where a process says that it is ready."""
    if name == "stores":
        return None
    return place.url(name) + ("/health" if name.startswith("stand-in-") else "/ready")


def _port(place: Place, name: str) -> list[str]:
    """Name the port on the command line too: it tells the processes of two houses apart."""
    return ["--port", str(place.ports[name])]


def _stores(place: Place, environ: Mapping[str, str]) -> Process:
    passed = {name: environ[name] for name in (*PASSED_ON, "HOME", "DATABASE_URL", "REDIS_URL") if environ.get(name)}
    argv = [command("agent-stores"), "run", "--dir", str(place.home / "stores")]
    argv += ["--postgres-port", str(place.ports["postgres"]), "--redis-port", str(place.ports["redis"])]
    return Process("stores", argv, LOCALE | passed)


def _stand_in(place: Place, vendor: Vendor, environ: Mapping[str, str]) -> Process:
    env = _base(environ, place, vendor.stand_in) | {
        f"STAND_IN_{vendor.prefix}TOKEN": place.secret(vendor.stand_in_token)
    }
    argv = [command(vendor.stand_in), *_port(place, vendor.stand_in)]
    if vendor.signing:
        env |= {variable: place.secret(name) for variable, name in vendor.signing.items()}
        argv += ["--webhook-url", place.url("control") + f"/v1/webhooks/{vendor.name}"]
    return Process(vendor.stand_in, argv, env)


def _stand_in_model(place: Place, environ: Mapping[str, str]) -> Process:
    env = _base(environ, place, "stand-in-model") | {"STAND_IN_MODEL_KEY": place.secret("stand-in-model.key")}
    argv = [command("stand-in-model"), *_port(place, "stand-in-model")]
    for folder in _scenario_folders(environ):
        argv += ["--scenarios", str(folder)]
    return Process("stand-in-model", argv, env)


def _scenario_folders(environ: Mapping[str, str]) -> list[Path]:
    """Give the scenarios that lie beside the shipped skills and the operator's own."""
    skills = [ROOT / "agent-engine/skills", *map(Path, filter(None, environ.get("SKILLS_PATH", "").split(":")))]
    return [folder for path in skills for folder in sorted(path.glob("*/scenarios"))]


def _upstream(place: Place, vendor: Vendor, choice: Choice, environ: Mapping[str, str]) -> dict[str, str]:
    """Say where a gateway's vendor is, and by which token it is opened where tenants have none of their own."""
    own = f"{vendor.prefix}UPSTREAM_"
    each = environ.get(f"{own}TOKENS_FILE") or environ.get(f"{prefix_of(vendor.api)}{own}TOKENS_FILE")
    if vendor.name in choice.real:
        token = environ.get(vendor.credential)
        if not token and not each:
            raise ConfigError(f"{vendor.credential} is not set: the real {vendor.title} needs a token")
        told = {f"{own}URL": environ.get(f"{own}URL") or vendor.upstream}
    else:
        token = place.secret(vendor.stand_in_token)
        told = {f"{own}URL": place.url(vendor.stand_in)}
        if vendor.limited:
            told[f"{own}LIMITED"] = environ.get(f"{own}LIMITED") or "false"
    return told | ({f"{own}TOKEN": token} if token and not each else {})


def _model_api(place: Place, choice: Choice, environ: Mapping[str, str], urls: Mapping[str, str]) -> Process:
    if "model" in choice.real:
        upstream = _real_model(environ)
    else:
        upstream = {
            "MODEL_UPSTREAM_URL": place.url("stand-in-model"),
            "MODEL_UPSTREAM_KEY": place.secret("stand-in-model.key"),
        }
    return _gateway(place, "model-api", environ, upstream, {"DATABASE_URL": urls["DATABASE_URL"]})


def _gateway(
    place: Place, name: str, environ: Mapping[str, str], upstream: Mapping[str, str], stores: Mapping[str, str]
) -> Process:
    """Make a gateway's process of what it is told about its upstream."""
    own = {"ACCESS_FILE": str(place.home / "access.yaml"), "AGENT_JWKS_FILE": str(place.home / "secrets/jwks.json")}
    env = {**_base(environ, place, name), **upstream, **own, **stores}
    return Process(name, [command(name), *_port(place, name)], env)


def _real_model(environ: Mapping[str, str]) -> dict[str, str]:
    upstream = {"MODEL_UPSTREAM_URL": environ.get("MODEL_UPSTREAM_URL") or "https://api.anthropic.com"}
    if environ.get("ANTHROPIC_API_KEY"):
        return upstream | {"MODEL_UPSTREAM_KEY": environ["ANTHROPIC_API_KEY"]}
    if environ.get("ANTHROPIC_AUTH_TOKEN"):
        return upstream | {"MODEL_UPSTREAM_AUTH_TOKEN": environ["ANTHROPIC_AUTH_TOKEN"]}
    raise ConfigError("MODEL=real needs ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN: set one of them")


def _mcp(place: Place, vendor: Vendor, environ: Mapping[str, str]) -> Process:
    env = _base(environ, place, vendor.mcp) | {
        f"{vendor.prefix}API_URL": place.url(vendor.api),
        f"{vendor.prefix}GATEWAY": "true",
        f"{vendor.prefix}TOKEN": place.secret(vendor.service),
        "AGENT_JWKS_FILE": str(place.home / "secrets/jwks.json"),
        "AGENT_REF_KEY": place.secret("ref.key"),
        "ACCESS_FILE": str(place.home / "access.yaml"),
    }
    argv = [command(vendor.mcp), "--transport", "http", *_port(place, vendor.mcp)]
    return Process(vendor.mcp, argv, env)


def _control(place: Place, environ: Mapping[str, str], urls: Mapping[str, str]) -> Process:
    env = _base(environ, place, "control") | {
        "ACCESS_FILE": str(place.home / "access.yaml"),
        "TRIGGERS_FILE": str(place.home / "triggers.yaml"),
        "PROPOSALS_FILE": str(place.home / "proposals.yaml"),
        **{variable: place.secret(name) for variable, name in SIGNING.items()},
        "DATABASE_URL": urls["DATABASE_URL"],
    }
    return Process("control", [command("control-api"), *_port(place, "control")], env)


def engine_environment(
    place: Place, choice: Choice, environ: Mapping[str, str], urls: Mapping[str, str]
) -> dict[str, str]:
    """Give what the engine's worker and its command line read."""
    env = _base(environ, place, "worker") | {
        "AGENT_SIGNING_KEY_FILE": str(place.home / "secrets/signing-key.json"),
        "AGENT_JWKS_FILE": str(place.home / "secrets/jwks.json"),
        "AGENT_REF_KEY": place.secret("ref.key"),
        "ACCESS_FILE": str(place.home / "access.yaml"),
        **{f"{vendor.prefix}MCP_URL": place.url(vendor.mcp) for vendor in VENDORS},
        "MODEL_API_URL": place.url("model-api"),
        "CONTROL_URL": place.url("control"),
        "CONTROL_TOKEN": place.secret("control.door"),
        "MCP_TRANSPORT": choice.transport,
        "WORKER_HTTP": f"127.0.0.1:{place.ports['worker']}",
        "WORKER_FOLDER": str(place.home / "worker"),
        "WORKER_SLOTS": str(choice.slots),
        **urls,
    }
    return _with_options(Process("worker", [], env), environ).env


def _worker(place: Place, choice: Choice, environ: Mapping[str, str], urls: Mapping[str, str]) -> Process:
    env = engine_environment(place, choice, environ, urls)
    del env["CONTROL_TOKEN"]
    return Process("worker", [command("agent-engine"), "worker", "--http", env["WORKER_HTTP"]], env)
