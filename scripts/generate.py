"""Writes all that is made of the packages' folders, the vendors' records, the settings and the models.

With `--check` it names what is stale, and with `--packages` it writes what is made of the folders alone.
A generated part of a file lies between the lines `# generated: NAME` and `# end of NAME`.
"""

import re
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import compose_parts
import configuration_page
from agent_contracts.schemas import rendered as schemas
from agent_vendors import load

ROOT = Path(__file__).resolve().parents[1]


def members() -> dict[str, Path]:
    """Return the workspace's packages: each distribution's name with its folder, in the order of both."""
    workspace = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["uv"]["workspace"]["members"]
    files = sorted(file for member in workspace for file in ROOT.glob(f"{member}/pyproject.toml"))
    return {tomllib.loads(file.read_text())["project"]["name"]: file.parent for file in files}


def modules() -> dict[str, Path]:
    """Return the import name of each package with its folder."""
    return {path.parent.name: folder for folder in members().values() for path in folder.glob("src/*/__init__.py")}


def of_wing(wing: str) -> list[str]:
    """Return the modules of a wing, its kit first."""
    found = sorted(name for name, folder in modules().items() if wing in folder.relative_to(ROOT).parts)
    return sorted(found, key=lambda name: not name.endswith("_kit"))


def import_rules() -> str:
    """Return `.importlinter`: no wing imports another, no process another, and packages are layered."""
    servers, services = of_wing("mcp-servers"), of_wing("api-services")
    engine = ["agent_engine"]
    processes = [*(name for name in (*servers, *services) if not name.endswith("_kit")), *engine]
    packages = ["agent_ledger", "agent_effects", "agent_stores"]
    rules = [
        ("wings", "The three wings never import each other", ["mcp_kit", "api_kit", *engine], []),
        ("servers", "Servers, gateways and the engine are independent processes", processes, []),
        ("mcp-wing", "MCP servers know neither API services nor the engine", servers, [*services, *engine, *packages]),
        ("api-wing", "API services know neither MCP servers nor the engine", services, [*servers, *engine]),
        ("engine-wing", "The engine knows neither MCP servers nor API services", engine, [*servers, *services]),
    ]
    text = "# Made by `make generate`.\n[importlinter]\n" + _lines("root_packages", sorted(modules()))
    for key, name, sources, forbidden in rules:
        text += f"\n[importlinter:contract:{key}]\nname = {name}\n"
        if forbidden:
            text += "type = forbidden\n" + _lines("source_modules", sources)
            text += _lines("forbidden_modules", [*forbidden, "stand_ins"])
        else:
            text += "type = independence\n" + _lines("modules", sources)
    return text + (
        "\n[importlinter:contract:packages]\nname = Shared packages are layered and know no wing\ntype = layers\n"
        + _lines(
            "layers",
            [
                "mcp_kit | api_kit | agent_engine",
                "agent_ledger | agent_effects",
                "agent_stores",
                "service_kit",
                "agent_contracts | agent_vendors",
            ],
        )
    )


def project() -> str:
    """Return `pyproject.toml` with the lists of the workspace's packages."""
    text = (ROOT / "pyproject.toml").read_text()
    extras = {"agent-bot-engine": "[claude]", "agent-bot-stores": "[embedded]"}
    text = _between(text, "packages", "".join(f'    "{name}{extras.get(name, "")}",\n' for name in members()))
    text = _between(text, "sources", "".join(f"{name} = {{ workspace = true }}\n" for name in members()))
    paths = sorted(folder.relative_to(ROOT).as_posix() for folder in members().values())
    text = _between(text, "mypy_path", "".join(f'    "{path}/src",\n' for path in paths))
    covered = sorted(name for name in modules() if name != "stand_ins")
    return _between(text, "source_pkgs", "".join(f'    "{name}",\n' for name in covered))


def compose_mcp() -> str:
    """Return `docker-compose.mcp.yml` with each vendor's services and webhook secrets."""
    text = _between((ROOT / "docker-compose.mcp.yml").read_text(), "services", compose_parts.services(load()))
    return _between(text, "webhooks", compose_parts.webhook_variables(load()))


def compose_agent() -> str:
    """Return `docker-compose.agent.yml` with the servers' addresses, and the servers that a worker waits for."""
    text = (ROOT / "docker-compose.agent.yml").read_text()
    text = _between(text, "servers", compose_parts.server_addresses(load()))
    return _between(text, "waits", compose_parts.servers_waited_for(load()))


def example() -> str:
    """Return `.env.example` with each vendor's credential."""
    return _between((ROOT / ".env.example").read_text(), "credentials", compose_parts.credentials(load()))


def _lines(option: str, values: list[str]) -> str:
    return f"{option} =\n" + "".join(f"    {value}\n" for value in values)


def _between(text: str, name: str, part: str) -> str:
    pattern = re.compile(rf"(^ *# generated: {name}\n).*?(^ *# end of {name}\n)", re.MULTILINE | re.DOTALL)
    text, count = pattern.subn(lambda match: match[1] + part + match[2], text)
    if count != 1:
        raise ValueError(f"the lines '# generated: {name}' and '# end of {name}' are there {count} times, not once")
    return text


PACKAGES: dict[str, Callable[[], str]] = {".importlinter": import_rules, "pyproject.toml": project}
"""What is made of the folders of the packages, whether these are installed or not."""


def files() -> dict[str, Callable[[], str]]:
    """Return every generated file with what makes its text."""
    made = PACKAGES | {
        "docs/configuration.md": lambda: configuration_page.rendered(load()),
        "docker-compose.mcp.yml": compose_mcp,
        "docker-compose.agent.yml": compose_agent,
        ".env.example": example,
    }
    return made | {f"docs/schemas/{name}": lambda text=text: text for name, text in schemas().items()}


def main() -> int:
    """Write what is stale, or name it."""
    chosen = PACKAGES if "--packages" in sys.argv else files()
    try:
        stale = {name: text for name, make in chosen.items() if (text := make()) != _present(name)}
    except configuration_page.MissingPackage as error:
        print(error)
        return 1
    for name, text in stale.items():
        if "--check" in sys.argv:
            print(f"{name} is stale: run `make generate`")
        else:
            (ROOT / name).write_text(text)
            print(f"{name} is written")
    return 1 if stale and "--check" in sys.argv else 0


def _present(name: str) -> str | None:
    return (ROOT / name).read_text() if (ROOT / name).exists() else None


if __name__ == "__main__":
    sys.exit(main())
