"""Operations on the reactions to issues and comments; each account has one of a kind."""

from operator import attrgetter

from starlette.responses import JSONResponse, Response

from stand_ins.github.accounts import Role
from stand_ins.github.ask import Ask, Operation
from stand_ins.github.planning import Reaction
from stand_ins.github.refusal import must_have_admin_rights, not_found, validation_failed
from stand_ins.github.shapes.planning import REACTIONS, reaction_json


async def list_reactions(ask: Ask) -> Response:
    """List reactions, or those of one kind, oldest first."""
    wanted = dict(ask.query).get("content")
    rows = [one for one in _reactions(ask) if wanted in {None, one.content}]
    return ask.page(sorted(rows, key=attrgetter("id")), lambda one: reaction_json(one, ask.base))


async def add_reaction(ask: Ask) -> Response:
    """React; 200 where the account has reacted so before."""
    reactions = _reactions(ask)
    asked = await ask.fields("Reaction")
    content = asked.raw("content")
    if content not in REACTIONS:
        raise validation_failed(ask.docs, asked.fault("content", "invalid"))
    given = next((one for one in reactions if one.user is ask.me and one.content == content), None)
    made = given or Reaction(ask.world.next_id(), ask.me, content, ask.world.clock())
    if given is None:
        reactions.append(made)
    return JSONResponse(reaction_json(made, ask.base), status_code=200 if given else 201)


async def remove_reaction(ask: Ask) -> Response:
    """Take a reaction back; only its author may, or who may write."""
    reactions = _reactions(ask)
    found = next((one for one in reactions if one.id == ask.request.path_params["reaction_id"]), None)
    if found is None:
        raise not_found(ask.docs)
    if found.user is not ask.me and ask.role < Role.write:
        raise must_have_admin_rights(ask.docs)
    reactions.remove(found)
    return Response(status_code=204)


def _reactions(ask: Ask) -> list[Reaction]:
    wanted = ask.request.path_params.get("comment_id")
    if wanted is None:
        return ask.issue().reactions
    comments = [one for issue in ask.repository.issues.values() for one in issue.comments if one.id == wanted]
    if not comments:
        raise not_found(ask.docs)
    return comments[0].reactions


def _operations() -> list[Operation]:
    found = []
    for path, what in (
        ("/issues/{issue_number:int}/reactions", "an-issue"),
        ("/issues/comments/{comment_id:int}/reactions", "an-issue-comment"),
    ):
        docs = "reactions/reactions"
        found += [
            Operation("GET", path, list_reactions, f"{docs}#list-reactions-for-{what}", "issues"),
            Operation("POST", path, add_reaction, f"{docs}#create-reaction-for-{what}", "issues"),
            Operation(
                "DELETE",
                f"{path}/{{reaction_id:int}}",
                remove_reaction,
                f"{docs}#delete-{what.removeprefix('an-')}-reaction",
                "issues",
            ),
        ]
    return found


OPERATIONS = tuple(_operations())
