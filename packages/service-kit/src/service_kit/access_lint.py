"""Finds vendors, skills and tenants in `access.yaml` that are not known here: entries that name them open nothing."""

from collections.abc import Collection, Iterator
from pathlib import Path

from service_kit.access import Access, Door
from service_kit.grants import Bound
from service_kit.validation_errors import nearest
from service_kit.yaml_lines import LinedYaml, Place


def unknown_names(path: Path, access: Access, *, vendors: Collection[str], skills: Collection[str]) -> list[str]:
    """Return a warning, with its line, for each vendor, skill and tenant that is not known here.

    `access` is the content of the file at `path`. `skills` are those of this process; another worker may carry more.
    """
    lined = LinedYaml(path)
    found = [lined.at(place, text) for place, text in _unknown_names(access, vendors, skills)]
    return [f"line {line}: {text}" for line, text in sorted(found)]


def _unknown_names(access: Access, vendors: Collection[str], skills: Collection[str]) -> Iterator[tuple[Place, str]]:
    doors: list[tuple[list[str], Door]] = [
        ([group, name], door)
        for group in ("streams", "webhooks", "feeds", "http")
        for name, door in getattr(access, group).items()
    ]
    doors += [(["cli"], access.cli)] if access.cli else []
    bounds: list[tuple[list[str], dict[str, Bound]]] = [([*place, "vendors"], door.vendors) for place, door in doors]
    bounds += [(["tenants", name, "vendors"], tenant.vendors) for name, tenant in access.tenants.items()]
    bounds += [(["people", name, "vendors"], person.vendors) for name, person in access.people.items()]
    bounds += [(["services", name, "opens"], service.opens) for name, service in access.services.items()]
    for place, bound in bounds:
        for vendor in bound:
            if vendor not in vendors:
                yield [*place, vendor], f"this vendor is not installed here{nearest(vendor, vendors)}"
    named: list[tuple[list[str | int], str]] = [
        ([*place, field, index], skill)
        for place, door in doors
        for field in ("skills", "approves")
        for index, skill in enumerate(getattr(door, field))
    ]
    for tenant, entry in access.tenants.items():
        named += [(["tenants", tenant, "budgets", "skills", skill], skill) for skill in entry.budgets.skills]
    for place_of, skill in named:
        if skill != "*" and skill not in skills:
            yield place_of, f"no skill here has the name {skill!r}{nearest(skill, skills)}"
    tenants = [([*place, "tenant"], door.tenant) for place, door in doors]
    tenants += [(["people", name, "tenant"], person.tenant) for name, person in access.people.items()]
    for place, name in tenants:
        if name not in access.tenants:
            yield place, f"the tenant {name!r} has no entry under tenants{nearest(name, access.tenants)}"
