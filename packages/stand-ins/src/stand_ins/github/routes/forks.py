"""The operation that forks a repository: into the caller's own account, or into an organization."""

from dataclasses import replace

from starlette.responses import JSONResponse, Response

from stand_ins.github.accounts import Role
from stand_ins.github.ask import Ask, Operation
from stand_ins.github.refusal import Refusal
from stand_ins.github.shapes.repository import full_repository


async def fork(ask: Ask) -> Response:
    """Fork a repository; one that is there already is given once more."""
    asked, parent = await ask.fields("Repository"), ask.repository
    organization, name = asked.text("organization"), asked.text("name") or parent.name
    owner = ask.world.user(organization) if organization else ask.me
    if organization and not owner.is_organization:
        raise Refusal(422, "Validation Failed", docs=ask.docs, errors=[asked.fault("organization", "invalid")])
    made = ask.world.find(owner.login, name)
    if made is None or made.parent is not parent:
        number = 1
        while ask.world.find(owner.login, name) is not None:
            name, number = f"{(asked.text('name') or parent.name)}-{number}", number + 1
        made = ask.world.add_repository(f"{owner.login}/{name}", private=parent.private, description=parent.description)
        made.parent, made.default_branch = parent, parent.default_branch
        past = parent.history
        made.history = replace(past, commits={**past.commits}, branches={**past.branches}, tags={**past.tags})
        made.roles[ask.me.login.lower()] = Role.admin
    return JSONResponse(full_repository(made, ask.base, Role.admin), status_code=202)


OPERATIONS = (Operation("POST", "/forks", fork, "repos/forks#create-a-fork", "administration"),)
