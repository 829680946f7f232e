"""The processes of a house: what each runs, and the only variables that it is given."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from agent_stores.background import urls
from agent_stores.embedded import Plan
from agent_vendors import Vendor

from house.options import Options
from house.paths import ROOT, HousePaths, command
from house.real_upstreams import real_model, real_vendor

WORKER_OPTIONS = (
    "SKILLS_PATH",
    "CLAUDE_CLI",
    "REPLY_DESTINATIONS",
    "WORKER_SLOTS",
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
)
MODEL_OPTIONS = ("MODELS", "MODEL_PRICES", "MODEL_OUTPUT_PER_SECOND")
PASSED_ON = ("PATH", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "LOG_LEVEL")
UPSTREAM_PROXY = "UPSTREAM_PROXY"
TRUSTED_PROXIES = "TRUSTED_PROXIES"
TENANT_RATE = ("TENANT_RATE_PER_SECOND", "TENANT_RATE_BURST")
LOCALE = {"LANG": "C.UTF-8"}
"""Not the operator's: under one that is not installed, Python does not start in a path with umlauts."""


@dataclass(frozen=True)
class Process:
    """One process: its command and its environment."""

    name: str
    argv: list[str]
    env: dict[str, str] = field(repr=False)


def options_of(vendors: Iterable[Vendor]) -> dict[str, tuple[str, ...]]:
    """Return the variables that the operator may set under their own name, by process.

    `PROCESS__VARIABLE`, as in CONTROL__ALLOWED_HOSTS, sets any other variable.
    """
    listed = tuple(vendors)
    return {
        "control": (
            *(name for one in listed for name in one.webhook_options),
            *("MAX_WEBHOOK_BYTES", "MAX_STREAMS", *TENANT_RATE, TRUSTED_PROXIES),
        ),
        **{vendor.api: _api_options(vendor) for vendor in listed if vendor.has_gateway},
        "model-api": (*MODEL_OPTIONS, UPSTREAM_PROXY, *TENANT_RATE, TRUSTED_PROXIES),
        **{vendor.mcp: _mcp_options(vendor) for vendor in listed},
        "worker": WORKER_OPTIONS,
    }


def _api_options(vendor: Vendor) -> tuple[str, ...]:
    some = {"UPSTREAM_LIMITED": vendor.keeps_limits, "UPSTREAM_DOWNLOAD_HOSTS": vendor.redirects_downloads}
    own = ("UPSTREAM_TOKENS_FILE", *(name for name, has in some.items() if has))
    shared = ("RATE_PER_SECOND", "RATE_BURST", *TENANT_RATE, TRUSTED_PROXIES)
    upstream = ("UPSTREAM_SECONDS", "UPSTREAM_FAILURES", UPSTREAM_PROXY, "IMAGE_HOSTS")
    return (*shared, *upstream, *(vendor.prefix + name for name in own))


def _mcp_options(vendor: Vendor) -> tuple[str, ...]:
    own = (vendor.prefix + name for name in ("READ_ONLY", "TOOLSETS", "TOOLS"))
    shared = ("MCP_REPLY_TOKENS", "MCP_CALLS_PER_MINUTE", TRUSTED_PROXIES)
    return (*shared, *own, *vendor.mcp_options, *([] if vendor.has_gateway else [UPSTREAM_PROXY]))


def processes(paths: HousePaths, options: Options, environ: Mapping[str, str]) -> list[Process]:
    """List a house's processes in the order of their start, the stores first.

    Raises:
        ConfigError: something real was chosen and its credential is missing.
    """
    given = environ.get("DATABASE_URL") and environ.get("REDIS_URL")
    made = [] if given else [_stores(paths, environ)]
    made += [_stand_in(paths, vendor, environ) for vendor in paths.vendors if vendor.name not in options.real]
    if "model" not in options.real:
        made.append(_stand_in_model(paths, environ))
    urls = urls_of(paths, environ)
    made += [
        *(
            _gateway(paths, vendor.api, environ, _upstream(paths, vendor, options, environ), urls)
            for vendor in paths.vendors
            if vendor.has_gateway
        ),
        _model_api(paths, options, environ, urls),
        *(_mcp(paths, vendor, options, environ) for vendor in paths.vendors),
        _control(paths, environ, urls),
        _worker(paths, options, environ, urls),
    ]
    return [_with_options(process, environ) for process in made]


def prefix_of(process: str) -> str:
    """Return the beginning of the operator's variables for one process."""
    return process.upper().replace("-", "_") + "__"


def _with_options(process: Process, environ: Mapping[str, str]) -> Process:
    prefix = prefix_of(process.name)
    given = {name.removeprefix(prefix): value for name, value in environ.items() if name.startswith(prefix)}
    return replace(process, env=process.env | given)


def urls_of(paths: HousePaths, environ: Mapping[str, str]) -> dict[str, str]:
    """Return DATABASE_URL and REDIS_URL: those of the environment, else the embedded stores'."""
    database_url, redis_url = urls(stores_of(paths, environ))
    return {"DATABASE_URL": database_url, "REDIS_URL": redis_url}


def stores_of(paths: HousePaths, environ: Mapping[str, str]) -> Plan:
    """Return which stores are to run where."""
    return Plan(
        folder=paths.home / "stores",
        postgres_port=paths.ports["postgres"],
        redis_port=paths.ports["redis"],
        database_url=environ.get("DATABASE_URL") or None,
        redis_url=environ.get("REDIS_URL") or None,
    )


def _base(environ: Mapping[str, str], paths: HousePaths, name: str) -> dict[str, str]:
    passed = {key: environ[key] for key in (*PASSED_ON, *options_of(paths.vendors).get(name, ())) if environ.get(key)}
    if not name.startswith("stand-in-"):
        passed["VENDORS"] = ",".join(vendor.name for vendor in paths.vendors)
    return {**LOCALE, **passed, "HOST": "127.0.0.1", "PORT": str(paths.ports.get(name, 0))}


def ready_url(paths: HousePaths, name: str) -> str | None:
    """Return the address at which a process says that it is ready; None for the stores, which have none."""
    if name == "stores":
        return None
    return paths.url(name) + ("/health" if name.startswith("stand-in-") else "/ready")


def _shared_files(paths: HousePaths) -> dict[str, str]:
    return {"ACCESS_FILE": str(paths.home / "access.yaml"), "AGENT_JWKS_FILE": str(paths.home / "secrets/jwks.json")}


def _port(paths: HousePaths, name: str) -> list[str]:
    """Return the port as a flag: on the command line it tells the processes of two houses apart."""
    return ["--port", str(paths.ports[name])]


def _stores(paths: HousePaths, environ: Mapping[str, str]) -> Process:
    passed = {name: environ[name] for name in (*PASSED_ON, "HOME", "DATABASE_URL", "REDIS_URL") if environ.get(name)}
    argv = [command("agent-stores"), "run", "--dir", str(paths.home / "stores")]
    argv += ["--postgres-port", str(paths.ports["postgres"]), "--redis-port", str(paths.ports["redis"])]
    return Process("stores", argv, LOCALE | passed)


def _stand_in(paths: HousePaths, vendor: Vendor, environ: Mapping[str, str]) -> Process:
    env = _base(environ, paths, vendor.stand_in) | {
        f"STAND_IN_{vendor.prefix}TOKEN": paths.secret(vendor.stand_in_secret)
    }
    argv = [command(vendor.stand_in), *_port(paths, vendor.stand_in)]
    if vendor.webhook_source:
        env |= {variable: paths.secret(name) for variable, name in vendor.webhook_secrets.items()}
        argv += ["--webhook-url", paths.url("control") + f"/v1/webhooks/{vendor.webhook_source}"]
    return Process(vendor.stand_in, argv, env)


def _stand_in_model(paths: HousePaths, environ: Mapping[str, str]) -> Process:
    env = _base(environ, paths, "stand-in-model") | {"STAND_IN_MODEL_KEY": paths.secret("stand-in-model.key")}
    argv = [command("stand-in-model"), *_port(paths, "stand-in-model")]
    for folder in _scenario_folders(environ):
        argv += ["--scenarios", str(folder)]
    return Process("stand-in-model", argv, env)


def _scenario_folders(environ: Mapping[str, str]) -> list[Path]:
    skills = [ROOT / "agent-engine/skills", *map(Path, filter(None, environ.get("SKILLS_PATH", "").split(":")))]
    return [folder for path in skills for folder in sorted(path.glob("*/scenarios"))]


def _upstream(paths: HousePaths, vendor: Vendor, options: Options, environ: Mapping[str, str]) -> dict[str, str]:
    own = f"{vendor.prefix}UPSTREAM_"
    each = environ.get(f"{own}TOKENS_FILE") or environ.get(f"{prefix_of(vendor.api)}{own}TOKENS_FILE")
    if vendor.name in options.real:
        return real_vendor(vendor, environ, without=f"{own}TOKEN" if each else "")
    told = {f"{own}URL": paths.url(vendor.stand_in)}
    if vendor.keeps_limits:
        told[f"{own}LIMITED"] = environ.get(f"{own}LIMITED") or "false"
    if vendor.redirects_downloads:  # the stand-in's other host is itself by another name
        told[f"{own}DOWNLOAD_HOSTS"] = f"localhost:{paths.ports[vendor.stand_in]}"
    return told if each else {**told, f"{own}TOKEN": paths.secret(vendor.stand_in_secret)}


def _model_api(paths: HousePaths, options: Options, environ: Mapping[str, str], urls: Mapping[str, str]) -> Process:
    if "model" in options.real:
        upstream = real_model(environ)
    else:
        upstream = {
            "MODEL_UPSTREAM_URL": paths.url("stand-in-model"),
            "MODEL_UPSTREAM_KEY": paths.secret("stand-in-model.key"),
        }
    return _gateway(paths, "model-api", environ, upstream, {"DATABASE_URL": urls["DATABASE_URL"]})


def _gateway(
    paths: HousePaths, name: str, environ: Mapping[str, str], upstream: Mapping[str, str], stores: Mapping[str, str]
) -> Process:
    env = {**_base(environ, paths, name), **upstream, **_shared_files(paths), **stores}
    return Process(name, [command(name), *_port(paths, name)], env)


def _mcp(paths: HousePaths, vendor: Vendor, options: Options, environ: Mapping[str, str]) -> Process:
    env = _base(environ, paths, vendor.mcp) | {
        **_asked(paths, vendor, options, environ),
        **_shared_files(paths),
        "AGENT_REF_KEY": paths.secret("ref.key"),
    }
    argv = [command(vendor.mcp), "--transport", "http", *_port(paths, vendor.mcp)]
    return Process(vendor.mcp, argv, env)


def _asked(paths: HousePaths, vendor: Vendor, options: Options, environ: Mapping[str, str]) -> dict[str, str]:
    own = vendor.prefix
    if vendor.has_gateway:
        token = paths.secret(vendor.service_secret)
        return {f"{own}API_URL": paths.url(vendor.api), f"{own}GATEWAY": "true", f"{own}TOKEN": token}
    if vendor.name not in options.real:
        return {f"{own}API_URL": paths.url(vendor.stand_in), f"{own}TOKEN": paths.secret(vendor.stand_in_secret)}
    return real_vendor(vendor, environ)


def _control(paths: HousePaths, environ: Mapping[str, str], urls: Mapping[str, str]) -> Process:
    env = _base(environ, paths, "control") | {
        "ACCESS_FILE": str(paths.home / "access.yaml"),
        "TRIGGERS_FILE": str(paths.home / "triggers.yaml"),
        "PROPOSALS_FILE": str(paths.home / "proposals.yaml"),
        **{variable: paths.secret(name) for variable, name in paths.webhook_secrets.items()},
        "DATABASE_URL": urls["DATABASE_URL"],
    }
    return Process("control", [command("control-api"), *_port(paths, "control")], env)


def engine_environment(
    paths: HousePaths, options: Options, environ: Mapping[str, str], urls: Mapping[str, str]
) -> dict[str, str]:
    """Return the environment of the engine's worker and of its command line."""
    env = _base(environ, paths, "worker") | {
        "AGENT_SIGNING_KEY_FILE": str(paths.home / "secrets/signing-key.json"),
        **_shared_files(paths),
        "AGENT_REF_KEY": paths.secret("ref.key"),
        **{vendor.mcp_url_variable: paths.url(vendor.mcp) for vendor in paths.vendors},
        "MODEL_API_URL": paths.url("model-api"),
        "CONTROL_URL": paths.url("control"),
        "CONTROL_TOKEN": paths.secret("control.door"),
        "MCP_TRANSPORT": options.transport,
        "WORKER_HTTP": f"127.0.0.1:{paths.ports['worker']}",
        "WORKER_FOLDER": str(paths.home / "worker"),
        **urls,
    }
    return _with_options(Process("worker", [], env), environ).env


def _worker(paths: HousePaths, options: Options, environ: Mapping[str, str], urls: Mapping[str, str]) -> Process:
    env = engine_environment(paths, options, environ, urls)
    del env["CONTROL_TOKEN"]
    return Process("worker", [command("agent-engine"), "worker", "--http", env["WORKER_HTTP"]], env)
