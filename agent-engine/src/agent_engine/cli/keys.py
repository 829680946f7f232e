"""`agent-engine keys`: the key that signs runs' tokens, turned while everything runs."""

from typing import Annotated

import typer
from rich.text import Text
from service_kit import keys
from service_kit.errors import ConfigError
from service_kit.settings import load

from agent_engine.cli.console import DONE, Json, Output, as_typed, command
from agent_engine.settings import KeyFiles

app = typer.Typer(help="Keys: what signs the tokens of runs.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
@command
async def listed(as_json: Json = False) -> int:
    """List the public keys, and say which one signs."""
    output, files = Output(as_json=as_json), load(KeyFiles)
    key, public = keys.read_private(files.agent_signing_key_file), keys.read_public(files.agent_jwks_file)
    fault = keys.unpublished(key, public, files.agent_jwks_file)
    signs = key["kid"] if fault is None else None
    for kid in public:
        output.data({"kid": kid, "signs": kid == signs})
        output.show(Text(f"{kid}  {'signs' if kid == signs else 'is accepted'}"))
    if fault is not None:
        raise ConfigError(fault)
    return DONE


@app.command()
@command
async def rotate(as_json: Json = False) -> int:
    """Make a new key and sign with it.

    What the old one signed is accepted until it is retired.
    """
    output, files = Output(as_json=as_json), load(KeyFiles)
    new, old = keys.rotate(files.agent_signing_key_file, files.agent_jwks_file)
    output.data({"signs": new, "accepted": old})
    if old is None:
        output.show(Text(f"{new} signs from now on; the key before it was not public and is still refused"))
        return DONE
    output.show(Text(f"{new} signs from now on; {old} is accepted, so that running tasks go on"))
    output.show(Text(as_typed(f"once they have ended: `agent-engine keys retire {old}`"), style="dim"))
    return DONE


@app.command()
@command
async def retire(
    kid: Annotated[str, typer.Argument(metavar="KID", help="The key's id.")], as_json: Json = False
) -> int:
    """Accept a key no more.

    Tokens that it signed are refused within a second.
    """
    output, files = Output(as_json=as_json), load(KeyFiles)
    keys.retire(files.agent_signing_key_file, files.agent_jwks_file, kid)
    output.data({"retired": kid})
    output.show(Text(f"{kid} is retired"))
    return DONE
