"""Milestones, types of issues and reactions as JSON."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from stand_ins.github.planning import IssueType, Milestone, Reaction
from stand_ins.github.records import Repository
from stand_ins.github.shapes.account import node_id, simple_user, stamp
from stand_ins.github.shapes.repository import api_url, web_url

REACTIONS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")


def milestone_json(milestone: Milestone, repository: Repository, base: str) -> dict[str, Any]:
    """Describe a milestone."""
    url = f"{api_url(repository, base)}/milestones/{milestone.number}"
    planned = [one.state for one in repository.issues.values() if one.milestone is milestone and not one.deleted]
    return {
        "url": url,
        "html_url": f"{web_url(repository, base)}/milestone/{milestone.number}",
        "labels_url": f"{url}/labels",
        "id": milestone.id,
        "node_id": node_id("MI", milestone.id),
        "number": milestone.number,
        "title": milestone.title,
        "description": milestone.description,
        "creator": simple_user(milestone.creator, base),
        "open_issues": planned.count("open"),
        "closed_issues": planned.count("closed"),
        "state": milestone.state,
        "created_at": stamp(milestone.created_at),
        "updated_at": stamp(milestone.closed_at or milestone.created_at),
        "due_on": stamp(milestone.due_on),
        "closed_at": stamp(milestone.closed_at),
    }


def type_json(one: IssueType) -> dict[str, Any]:
    """Describe a type of issues."""
    made = "2026-01-05T08:00:00Z"
    return {
        "id": one.id,
        "node_id": node_id("IT", one.id),
        "name": one.name,
        "description": one.description,
        "color": one.color,
        "created_at": made,
        "updated_at": made,
        "is_enabled": True,
    }


def reaction_json(reaction: Reaction, base: str) -> dict[str, Any]:
    """Describe one account's reaction."""
    return {
        "id": reaction.id,
        "node_id": node_id("REA", reaction.id),
        "user": simple_user(reaction.user, base),
        "content": reaction.content,
        "created_at": stamp(reaction.created_at),
    }


def reactions_json(reactions: Sequence[Reaction], url: str) -> dict[str, Any]:
    """Count the reactions to what has an address."""
    counts = Counter(one.content for one in reactions)
    return {"url": f"{url}/reactions", "total_count": len(reactions)} | {name: counts[name] for name in REACTIONS}
