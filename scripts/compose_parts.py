"""Makes the parts of the compose files and of `.env.example` that follow from the vendors' records."""

from collections.abc import Iterable, Mapping

from agent_vendors import Vendor
from house.processes import options_of

FILES = ("UPSTREAM_TOKENS_FILE",)
"""What names a file, which a container has only where an override file mounts it."""
PUBLIC = (
    "./var/access.yaml:/etc/agent-bot/access.yaml:ro",
    "./var/secrets/jwks.json:/etc/agent-bot/jwks.json:ro",
)
"""What `&public` of the compose file mounts; YAML cannot add to a list."""


def services(vendors: Iterable[Vendor]) -> str:
    """Return each vendor's gateway and server as services."""
    made = []
    for vendor in vendors:
        if vendor.has_gateway:
            made.append(
                _service(
                    vendor,
                    vendor.api,
                    "api-service",
                    "      <<: *stores\n" + _environment(_gateway(vendor)),
                    volumes=_volumes(vendor),
                )
                + "    depends_on: *after-stores\n"
            )
        made.append(
            _service(
                vendor,
                vendor.mcp,
                "mcp-server",
                _environment(_server(vendor)),
                volumes=" *public" if vendor.has_gateway else _volumes(vendor),
            )
            + f"    ports: ['127.0.0.1:{vendor.mcp_port}:{vendor.mcp_port}']\n"
            + (f"    depends_on:\n      {vendor.api}: {{condition: service_healthy}}\n" if vendor.has_gateway else "")
        )
    return "\n".join(made)


def webhook_variables(vendors: Iterable[Vendor]) -> str:
    """Return control's environment lines for the vendors' webhooks: their secrets and options."""
    values: dict[str, str] = {}
    for vendor in vendors:
        values |= {name: f"${{{name}:?run make init}}" for name in vendor.webhook_secrets}
        values |= {name: f"${{{name}:-}}" for name in vendor.webhook_options}
    return _environment(values)


def server_addresses(vendors: Iterable[Vendor]) -> str:
    """Return the worker's environment lines with the vendors that runs may be given, and their servers' addresses."""
    listed = tuple(vendors)
    return _environment(
        {"VENDORS": f"${{VENDORS:-${{COMPOSE_PROFILES:-{_names(listed)}}}}}"}
        | {one.mcp_url_variable: f"http://{one.mcp}:{one.mcp_port}" for one in listed}
    )


def servers_waited_for(vendors: Iterable[Vendor]) -> str:
    """Return the lines that let the worker wait for each server."""
    return "".join(f"      {vendor.mcp}: {{condition: service_healthy, required: false}}\n" for vendor in vendors)


def credentials(vendors: Iterable[Vendor]) -> str:
    """Return the paragraphs of `.env.example`: each vendor's credential, and its address where a gateway asks it."""
    listed = tuple(vendors)
    chosen = f"# The vendors whose servers are started, by comma. `make`: VENDORS\nCOMPOSE_PROFILES={_names(listed)}\n"
    return "\n".join([chosen, *map(_credential, listed)])


def _names(vendors: Iterable[Vendor]) -> str:
    return ",".join(vendor.name for vendor in vendors)


def _credential(vendor: Vendor) -> str:
    holder = vendor.api if vendor.has_gateway else vendor.mcp
    asked = dict(vendor.upstream_settings.values())
    lines = [f"# {variable}={default}" if default else f"{variable}=" for variable, default in reversed(asked.items())]
    if vendor.app_variables:
        lines += [
            "# In the token's place, an app. The file is closed to others; in a container the group 10001 reads it."
        ]
        lines += [f"# {variable}=" for variable in vendor.app_variables]
    return f"# The real {vendor.title}, for {holder} alone: {vendor.credential_form}.\n" + "\n".join(lines) + "\n"


def _gateway(vendor: Vendor) -> dict[str, str]:
    return {
        "PORT": str(vendor.api_port),
        "VENDORS": "${VENDORS:-}",
        **_upstream(vendor),
        "ACCESS_FILE": "/etc/agent-bot/access.yaml",
        "AGENT_JWKS_FILE": "/etc/agent-bot/jwks.json",
        "ALLOWED_HOSTS": vendor.api,
        **_options(vendor, vendor.api),
    }


def _upstream(vendor: Vendor) -> dict[str, str]:
    told = {name: f"${{{variable}:-{default}}}" for name, (variable, default) in vendor.upstream_settings.items()}
    for name, variable in vendor.app_settings.items():
        file = _app_file(vendor, variable)
        told[name] = f"${{{variable}:+{file}}}" if file else f"${{{variable}:-}}"
    return told


def _app_file(vendor: Vendor, variable: str) -> str | None:
    """Return where a container has the file that an app's variable names; None for one that names no file."""
    return f"/etc/agent-bot/{vendor.name}-app.pem" if variable.endswith("_PATH") else None


def _volumes(vendor: Vendor) -> str:
    """Return what the holder of the credential has mounted: an app's key too, or nothing in its place."""
    files = {name: _app_file(vendor, name) for name in vendor.app_variables}
    mounts = [f"${{{name}:-/dev/null}}:{file}:ro" for name, file in files.items() if file]
    return "".join(f"\n      - {one}" for one in (*PUBLIC, *mounts)) if mounts else " *public"


def _server(vendor: Vendor) -> dict[str, str]:
    own = vendor.prefix
    if vendor.has_gateway:
        asked = {
            f"{own}API_URL": f"http://{vendor.api}:{vendor.api_port}",
            f"{own}GATEWAY": "'true'",
            f"{own}TOKEN": f"${{{own}MCP_SERVICE_TOKEN:?run make init}}",
        }
    else:
        asked = _upstream(vendor)
    return {
        "PORT": str(vendor.mcp_port),
        "VENDORS": "${VENDORS:-}",
        **asked,
        "AGENT_JWKS_FILE": "/etc/agent-bot/jwks.json",
        "AGENT_REF_KEY": "${AGENT_REF_KEY:?run make init}",
        "ACCESS_FILE": "/etc/agent-bot/access.yaml",
        "ALLOWED_HOSTS": vendor.mcp,
        **_options(vendor, vendor.mcp),
    }


def _options(vendor: Vendor, process: str) -> dict[str, str]:
    return {name: f"${{{name}:-}}" for name in options_of([vendor])[process] if not name.endswith(FILES)}


def _service(vendor: Vendor, name: str, dockerfile: str, environment: str, *, volumes: str) -> str:
    return (
        f"  {name}:\n"
        "    <<: *limits\n"
        f"    profiles: [{vendor.name}]\n"
        f"    image: agent-bot/{name}\n"
        "    build:\n"
        "      context: .\n"
        f"      dockerfile: deploy/docker/{dockerfile}.Dockerfile\n"
        f"      args: {{PACKAGE: agent-bot-{name}, COMMAND: {name}}}\n"
        f"    environment:\n{environment}"
        f"    volumes:{volumes}\n"
    )


def _environment(values: Mapping[str, str]) -> str:
    return "".join(f"      {name}: {value}\n" for name, value in values.items())
