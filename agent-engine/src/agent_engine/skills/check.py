"""`agent-engine skills check`: checks a skill strictly, for continuous integration.

The rules of the Agent Skills format are those of its own validator (`agentskills validate`, package skills-ref); ours
come after them.
"""

import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from agent_contracts import Mode
from agent_vendors import Vendor
from genai_prices import Usage, calc_price
from service_kit.validation_errors import nearest

from agent_engine.engines.registry import installed_engines
from agent_engine.skills.format import BUILT_IN_TOOLS, PRICES_OF, Skill, UnreadableSkill, parse
from agent_engine.skills.templates import INPUT_VALUE

ALLOWED_FIELDS = frozenset({"name", "description", "license", "allowed-tools", "metadata", "compatibility"})
MAX_BODY_LINES = 500

Vendors = Mapping[str, Vendor]


def check(skill: Skill, vendors: Vendors) -> list[str]:
    """Give everything that is wrong with a skill, each in one sentence; nothing means that it is fit."""
    try:
        front, body = parse((skill.folder / "SKILL.md").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, UnreadableSkill) as error:
        return [str(error)]
    found = [*_check_format(front, skill.folder.resolve().name), *skill.problems]
    found += [text for text in skill.warnings if text.startswith("metadata.")]
    if not body:
        found.append("the body is empty: it is what the agent is told to do")
    if body.count("\n") >= MAX_BODY_LINES:
        found.append(f"the body has more than {MAX_BODY_LINES} lines: move what is not always needed to references/")
    unusable = {text.removeprefix("metadata.").partition(":")[0].partition(".")[0] for text in skill.problems}
    for rule, rests_on in RULES:
        if not unusable & rests_on:  # an unusable setting is at its default: do not report it twice
            found += rule(skill, vendors)
    return list(dict.fromkeys(found))


def unchecked(skill: Skill) -> list[str]:
    """Give what the check cannot tell of a skill, each in one sentence."""
    engine, model = skill.settings.engine, skill.settings.model
    return [] if engine in PRICES_OF else [f"whether model '{model}' has a price: engine '{engine}' has no price list"]


def _check_format(front: dict[str, Any], folder: str) -> list[str]:
    found = []
    extra = sorted(str(key) for key in front if key not in ALLOWED_FIELDS)
    if extra:
        found.append(f"unknown fields in the front matter: {', '.join(extra)}; put your own under metadata")
    found += _name(front.get("name"), folder)
    description = front.get("description")
    if not isinstance(description, str) or not description.strip():
        found.append("description is missing or not text")
    elif len(description) > 1024:
        found.append("description is longer than 1024 characters")
    compatibility = front.get("compatibility", "")
    if not isinstance(compatibility, str) or len(compatibility) > 500:
        found.append("compatibility is not text of at most 500 characters")
    metadata = front.get("metadata") or {}
    if isinstance(metadata, dict):
        found += [
            f"metadata.{key} is not text: put it in quotes"
            for key, value in metadata.items()
            if not isinstance(value, str)
        ]
    return found


def _name(name: object, folder: str) -> list[str]:
    if not isinstance(name, str) or not name.strip():
        return ["name is missing or not text"]
    name = unicodedata.normalize("NFKC", name.strip())
    found = []
    if len(name) > 64:
        found.append("name is longer than 64 characters")
    plain = all(part and part.isascii() and part.isalnum() and part == part.lower() for part in name.split("-"))
    if not plain:
        found.append(f"name '{name}' may hold lower-case letters, digits and single hyphens inside alone")
    if name != unicodedata.normalize("NFKC", folder):
        found.append(f"name '{name}' is not its folder's, '{folder}'")
    return found


def _tools(skill: Skill, vendors: Vendors) -> list[str]:
    found = [
        f"server '{name}' is not known: {', '.join(vendors)}" for name in skill.settings.servers if name not in vendors
    ]
    writes = tuple(effect.tool for effect in skill.settings.required_effects)
    for setting, names in (("required-tools", skill.settings.required_tools), ("required-effects", writes)):
        for name in names:
            server, _, tool = name.partition("/")
            if server not in skill.settings.servers:
                found.append(f"{setting}: {name} is of a server that metadata.servers does not name")
            elif server in vendors and tool not in vendors[server].tools:
                found.append(f"{setting}: server {server} has no tool '{tool}'")
    for effect in skill.settings.required_effects:
        server, _, tool = effect.tool.partition("/")
        if server not in vendors:
            continue
        if tool in vendors[server].reads:
            found.append(f"required-effects: {effect.tool} writes nothing")
        known = sorted(vendors[server].written_fields.get(tool, effect.fields))
        found += [
            f"required-effects: {effect.tool} writes no '{field}'{nearest(field, known) or ': ' + ', '.join(known)}"
            for field in effect.fields
            if field not in known
        ]
    found += [
        f"built-in-tools: '{name}' is not one of {', '.join(sorted(BUILT_IN_TOOLS))}"
        for name in skill.settings.built_in_tools
        if name not in BUILT_IN_TOOLS
    ]
    return found


def _grants(skill: Skill, vendors: Vendors) -> list[str]:
    found = []
    used = vendors.keys() & set(skill.settings.servers)
    found += [
        f"grant: nothing is granted at {vendor}, whose server is used" for vendor in used - set(skill.settings.grant)
    ]
    for vendor, grant in skill.settings.grant.items():
        if vendor not in vendors:
            found.append(f"grant: vendor '{vendor}' is not known: {', '.join(vendors)}")
            continue
        if vendor not in used:
            found.append(f"grant: {vendor} is granted, but metadata.servers names no server of it")
        found += [f"grant: {vendor} has no tool '{tool}'" for tool in grant.tools if tool not in vendors[vendor].tools]
        found += [
            f"grant: {vendor} has no resources of the kind '{kind}'"
            for kind in grant.resources
            if vendors[vendor].kind(kind) is None
        ]
        if not any(grant.resources.values()):
            found.append(f"grant: no resources are named at {vendor}, so nothing is open there")
        found += _writes(skill, vendors[vendor])
    return found


def _writes(skill: Skill, vendor: Vendor) -> list[str]:
    grant = skill.settings.grant[vendor.name]
    found = []
    writing = [tool for tool in grant.tools if tool in vendor.writes]
    if writing and grant.mode is Mode.read:
        found.append(f"grant: mode read at {vendor.name}, but {', '.join(writing)} would write")
    found += [
        f"grant: give {tool} a limit, as in limits: {{{tool}: 1}}" for tool in writing if tool not in grant.limits
    ]
    found += [f"grant: a limit for {tool}, which is not granted" for tool in grant.limits if tool not in grant.tools]
    for name in skill.settings.needed_tools:
        place, _, tool = name.partition("/")
        if place == vendor.name and tool not in grant.tools:
            found.append(f"grant: {name} is required and not granted")
    return found


def _output(skill: Skill, _: Vendors) -> list[str]:
    if skill.settings.output_schema is None:
        return ["output-schema is missing: without one the answer's shape is not checked"]
    return []


def _placeholders(skill: Skill, _: Vendors) -> list[str]:
    templates = [
        name for grant in skill.settings.grant.values() for names in grant.resources.values() for name in names
    ]
    templates += [effect.target or "" for effect in skill.settings.required_effects]
    templates.append(skill.settings.concurrency_key or "")
    wanted = {path for template in templates for path in INPUT_VALUE.findall(template)}
    if not wanted or (skill.input_schema is None and skill.settings.input_schema is not None):
        return []
    if skill.input_schema is None:
        return ["input-schema is missing: grant, required-effects or concurrency-key take values from the input"]
    return [f"input-schema: {lack}" for path in sorted(wanted) if (lack := _lack(skill.input_schema, path))]


def _lack(schema: Mapping[str, Any], path: str) -> str | None:
    """Say what a schema lacks for a place that is bound to the input: each part must be a property, and required."""
    known: Any = schema
    for part in path.split("."):
        properties = known.get("properties") if isinstance(known, dict) else None
        if not isinstance(properties, dict):  # it says otherwise what there is, as by `$ref`
            return None
        bound = "but grant, required-effects or concurrency-key are bound to it"
        if part not in properties:
            return f"it has no '{path}', {bound}{nearest(part, properties)}"
        if part not in known.get("required", ()):
            return f"'{path}' is not required, {bound}"
        known = properties[part]
    return None


def _model(skill: Skill, _: Vendors) -> list[str]:
    found = []
    if skill.settings.engine not in installed_engines():
        found.append(f"engine '{skill.settings.engine}' is not one of {', '.join(installed_engines())}")
    provider = PRICES_OF.get(skill.settings.engine)
    try:
        if provider is not None:
            calc_price(Usage(input_tokens=1, output_tokens=1), skill.settings.model, provider_id=provider)
    except LookupError:
        found.append(f"model '{skill.settings.model}' has no known price at {provider}: use the model's full name")
    return found


def _clocks(skill: Skill, _: Vendors) -> list[str]:
    if skill.settings.idle_seconds > skill.settings.wall_seconds:
        return ["idle-seconds is longer than wall-seconds"]
    return []


RULES: tuple[tuple[Callable[[Skill, Vendors], list[str]], frozenset[str]], ...] = (
    (_tools, frozenset({"servers"})),
    (_grants, frozenset({"servers", "grant"})),
    (_output, frozenset({"output-schema"})),
    (_placeholders, frozenset({"input-schema"})),
    (_model, frozenset()),
    (_clocks, frozenset({"wall-seconds", "idle-seconds"})),
)
"""Each rule with the settings that it rests on."""
