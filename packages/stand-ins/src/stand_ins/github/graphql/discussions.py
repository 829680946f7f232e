"""What GraphQL tells of discussions, and how a comment is added to one."""

from collections.abc import Sequence
from typing import Any

from graphql import GraphQLError

from stand_ins.github.accounts import Role, User
from stand_ins.github.discussions import Category, Discussion, DiscussionComment
from stand_ins.github.graphql.connection import connection, connection_from_the_end
from stand_ins.github.graphql.errors import ForbiddenError, NotFoundError
from stand_ins.github.graphql.objects import actor
from stand_ins.github.records import Repository
from stand_ins.github.shapes.account import node_id, stamp
from stand_ins.github.world import World


def discussion_fields(repository: Repository, world: World) -> dict[str, Any]:
    """Return the fields of a repository that tell of its discussions."""

    def one(info: Any, number: int) -> dict[str, Any]:
        found = repository.discussions.get(number)
        if found is None:
            raise NotFoundError(f"Could not resolve to a Discussion with the number of {number}.")
        return discussion_object(found, repository, world)

    def categories(info: Any, first: int, after: str | None = None) -> dict[str, Any]:
        return connection([_category(each) for each in repository.discussion_categories], first, after)

    return {
        "hasDiscussionsEnabled": bool(repository.discussion_categories),
        "discussionCategories": categories,
        "discussion": one,
        "discussions": lambda info, **asked: _listed(repository, world, **asked),
    }


def discussion_object(discussion: Discussion, repository: Repository, world: World) -> dict[str, Any]:
    """Describe a discussion."""

    def told(comment: DiscussionComment) -> dict[str, Any]:
        return comment_object(comment, discussion, repository, world)

    return _said(discussion, _url(discussion, repository), repository, world) | {
        "__typename": "Discussion",
        "id": node_id("D", discussion.id),
        "number": discussion.number,
        "title": discussion.title,
        "updatedAt": stamp(discussion.updated_at),
        "closed": discussion.closed,
        "stateReason": "RESOLVED" if discussion.closed else None,
        "locked": discussion.locked,
        "isAnswered": discussion.answer is not None if discussion.category.is_answerable else None,
        "upvoteCount": discussion.upvotes,
        "repository": {"nameWithOwner": repository.full_name},
        "category": _category(discussion.category),
        "labels": {"nodes": []},
        "answer": told(discussion.answer) if discussion.answer else None,
        "comments": lambda info, **asked: _cut([told(one) for one in discussion.comments], **asked),
    }


def comment_object(
    comment: DiscussionComment, discussion: Discussion, repository: Repository, world: World
) -> dict[str, Any]:
    """Describe a comment on a discussion, or a reply."""
    url = f"{_url(discussion, repository)}#discussioncomment-{comment.id}"
    replies = [comment_object(one, discussion, repository, world) for one in comment.replies]
    return _said(comment, url, repository, world) | {
        "__typename": "DiscussionComment",
        "id": node_id("DC", comment.id),
        "updatedAt": stamp(comment.created_at),
        "isAnswer": comment is discussion.answer,
        "upvoteCount": 1,
        "discussion": lambda info: discussion_object(discussion, repository, world),
        "replies": lambda info, **asked: _cut(replies, **asked),
    }


def add_comment(world: World, user: User, readable: Sequence[Repository], asked: dict[str, str]) -> dict[str, Any]:
    """Comment on a discussion, or reply to a comment on it."""
    node, reply_to = asked["discussionId"], asked.get("replyToId")
    placed = [(one, where) for where in readable for one in where.discussions.values()]
    found = next(((one, where) for one, where in placed if node_id("D", one.id) == node), None)
    if found is None:
        raise NotFoundError(f"Could not resolve to a node with the global id of '{node}'")
    discussion, repository = found
    if repository.archived or (discussion.locked and world.role(repository, user) < Role.write):
        raise ForbiddenError(f"{user.login} does not have the correct permissions to execute `AddDiscussionComment`")
    if not asked["body"].strip():
        raise GraphQLError("Body cannot be blank")
    now = world.clock()
    made = DiscussionComment(world.next_id(), asked["body"], user, now)
    _thread(discussion, reply_to).append(made)
    discussion.updated_at = now
    return {"comment": comment_object(made, discussion, repository, world)}


def find_comment(node: str, repository: Repository, world: World) -> dict[str, Any] | None:
    """Find a comment on a discussion by its id, or a reply."""
    for discussion in repository.discussions.values():
        for comment in discussion.comments:
            for one in (comment, *comment.replies):
                if node_id("DC", one.id) == node:
                    return comment_object(one, discussion, repository, world)
    return None


def _thread(discussion: Discussion, reply_to: str | None) -> list[DiscussionComment]:
    """Find where a comment is put: GitHub takes replies to comments on the discussion alone."""
    if reply_to is None:
        return discussion.comments
    for comment in discussion.comments:
        if node_id("DC", comment.id) == reply_to:
            return comment.replies
        if any(node_id("DC", one.id) == reply_to for one in comment.replies):
            raise GraphQLError("Parent comment is already in a thread, cannot reply to it")
    raise NotFoundError(f"Could not resolve to a node with the global id of '{reply_to}'")


def _listed(
    repository: Repository,
    world: World,
    *,
    first: int,
    after: str | None = None,
    categoryId: str | None = None,  # noqa: N803
    states: Sequence[str] | None = None,
    answered: bool | None = None,
    orderBy: dict[str, str] | None = None,  # noqa: N803
) -> dict[str, Any]:
    order = orderBy or {"field": "UPDATED_AT", "direction": "DESC"}
    found = [
        one
        for one in repository.discussions.values()
        if categoryId in (None, node_id("DIC", one.category.id))
        and (not states or ("CLOSED" if one.closed else "OPEN") in states)
        and answered in (None, one.answer is not None)
    ]
    found.sort(
        key=lambda one: (one.created_at if order["field"] == "CREATED_AT" else one.updated_at, one.number),
        reverse=order["direction"] == "DESC",
    )
    return connection([discussion_object(one, repository, world) for one in found], first, after)


def _cut(
    rows: Sequence[Any],
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> dict[str, Any]:
    if last is not None:
        return connection_from_the_end(rows, last, before)
    return connection(rows, first or 1, after)


def _said(said: Discussion | DiscussionComment, url: str, repository: Repository, world: World) -> dict[str, Any]:
    return {
        "body": said.body,
        "url": url,
        "author": actor(said.user),
        "authorAssociation": world.association(repository, said.user),
        "createdAt": stamp(said.created_at),
    }


def _category(category: Category) -> dict[str, Any]:
    return {
        "__typename": "DiscussionCategory",
        "id": node_id("DIC", category.id),
        "name": category.name,
        "slug": category.slug,
        "description": category.description,
        "isAnswerable": category.is_answerable,
    }


def _url(discussion: Discussion, repository: Repository) -> str:
    return f"https://github.com/{repository.full_name}/discussions/{discussion.number}"
