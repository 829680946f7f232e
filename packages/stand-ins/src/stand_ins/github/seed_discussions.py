"""Adds the discussions of seed_discussions.yaml to a world that has their repository."""

import functools
from importlib.resources import files

import yaml
from pydantic import AwareDatetime, BaseModel, ConfigDict

from stand_ins.github.discussions import Category, Discussion, DiscussionComment
from stand_ins.github.world import World


class _Described(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DescribedCategory(_Described):
    """A category to make."""

    name: str
    description: str
    is_answerable: bool = False


class DescribedComment(_Described):
    """A comment to make, with its replies."""

    user: str
    at: AwareDatetime
    body: str
    answer: bool = False
    replies: "list[DescribedComment]" = []


class DescribedDiscussion(_Described):
    """A discussion to make."""

    number: int
    title: str
    user: str
    at: AwareDatetime
    category: str
    body: str
    closed: bool = False
    locked: bool = False
    comments: list[DescribedComment] = []


class DescribedDiscussions(_Described):
    """The discussions of one repository."""

    repository: str
    categories: list[DescribedCategory]
    discussions: list[DescribedDiscussion]


@functools.cache
def _shipped() -> DescribedDiscussions:
    text = (files("stand_ins.github") / "seed_discussions.yaml").read_text(encoding="utf-8")
    return DescribedDiscussions.model_validate(yaml.load(text, Loader=yaml.CSafeLoader))


def apply(world: World) -> None:
    """Make the categories and discussions that the stand-in starts with."""
    described = _shipped()
    repository = world.named(described.repository)
    repository.discussion_categories = [
        Category(world.next_id(), one.name, one.description, one.is_answerable) for one in described.categories
    ]
    known = {one.name: one for one in repository.discussion_categories}
    for one in described.discussions:
        repository.discussions[one.number] = _made(world, one, known[one.category])


def _made(world: World, described: DescribedDiscussion, category: Category) -> Discussion:
    comments = {id(one): _comment(world, one) for one in described.comments}
    answers = [comments[id(one)] for one in described.comments if one.answer]
    said = [described.at, *(one.at for comment in described.comments for one in (comment, *comment.replies))]
    return Discussion(
        id=world.next_id(),
        number=described.number,
        title=described.title,
        body=described.body,
        user=world.user(described.user),
        category=category,
        created_at=described.at,
        updated_at=max(said),
        closed=described.closed,
        locked=described.locked,
        comments=list(comments.values()),
        answer=answers[0] if answers else None,
    )


def _comment(world: World, described: DescribedComment) -> DiscussionComment:
    user, replies = world.user(described.user), [_comment(world, one) for one in described.replies]
    return DiscussionComment(world.next_id(), described.body, user, described.at, replies)
