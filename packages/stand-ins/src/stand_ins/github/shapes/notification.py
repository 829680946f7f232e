"""Notifications and subscriptions as JSON."""

from typing import Any

from stand_ins.github.notification_records import Notification, Subscription
from stand_ins.github.records import Repository
from stand_ins.github.shapes.account import stamp
from stand_ins.github.shapes.repository import api_url, repository_json


def thread_json(one: Notification, base: str) -> dict[str, Any]:
    """Describe a notification."""
    subject, url = f"{api_url(one.repository, base)}/{one.path}", f"{base}/notifications/threads/{one.id}"
    return {
        "id": str(one.id),
        "unread": one.unread,
        "reason": one.reason,
        "updated_at": stamp(one.updated_at),
        "last_read_at": stamp(one.read_at),
        "subject": {"title": one.title, "url": subject, "latest_comment_url": subject, "type": one.kind},
        "repository": repository_json(one.repository, base),
        "url": url,
        "subscription_url": f"{url}/subscription",
    }


def thread_subscription_json(one: Notification, subscription: Subscription, base: str) -> dict[str, Any]:
    """Describe how an account follows a conversation."""
    url = f"{base}/notifications/threads/{one.id}"
    return _state(subscription) | {"url": f"{url}/subscription", "thread_url": url}


def watching_json(subscription: Subscription, repository: Repository, base: str) -> dict[str, Any]:
    """Describe how an account follows a repository."""
    url = api_url(repository, base)
    return _state(subscription) | {"url": f"{url}/subscription", "repository_url": url}


def _state(subscription: Subscription) -> dict[str, Any]:
    return {
        "subscribed": subscription.subscribed,
        "ignored": subscription.ignored,
        "reason": None,
        "created_at": stamp(subscription.created_at),
    }
