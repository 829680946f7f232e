"""Puts the command line together."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from service_kit.command import version_of
from service_kit.settings import VendorNames, load
from typer.core import TyperGroup

from agent_engine.cli import access, doctor, keys, proposals, skills, submit, tasks, triggers, worker
from agent_engine.cli.console import WRONG_USE, exit_on_error, tell

EPILOG = "Exit status: 0 done (and succeeded), 1 failed or not as it should be, 2 wrong use or configuration."


WrongUse: type[Any] = typer.BadParameter.__bases__[0]
"""What a command, option or argument that is not usable raises; typer has no name of its own for it."""


class Commands(TyperGroup):
    """The commands. Wrong use is told in one line on standard error."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the line up to the command's name."""
        with wrong_use_in_one_line():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was named."""
        with wrong_use_in_one_line():
            return super().invoke(ctx)


@contextmanager
def wrong_use_in_one_line() -> Iterator[None]:
    """Turn wrong use into one line and its exit status; where nothing was asked for, the help stays the answer."""
    try:
        yield
    except WrongUse as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            raise
        message = error.format_message().replace("Value error, ", "").rstrip(".")
        place = error.ctx.command_path if error.ctx else "agent-engine"
        tell(
            "error",
            f"{message[:1].lower()}{message[1:]}{' See' if message.endswith('?') else ': see'} `{place} --help`",
        )
        raise typer.Exit(WRONG_USE) from None


app = typer.Typer(
    name="agent-engine",
    cls=Commands,
    help="Takes tasks, runs agent CLIs confined and headless, and judges what they did by evidence.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"agent-engine {version_of('agent-engine')}")
        raise typer.Exit


@app.callback()
def every(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print name and version and exit.")
    ] = False,
) -> None:
    """Load the records of the vendors that VENDORS names, so that the shapes of their secrets are masked."""
    with exit_on_error():
        load(VendorNames)


COMMANDS: tuple[Callable[..., Any], ...] = (
    *(worker.worker, submit.enqueue, submit.run, tasks.tasks, tasks.show, tasks.tail),
    *(tasks.cancel, tasks.retry, tasks.prune, doctor.doctor),
)
for function in COMMANDS:
    app.command(epilog=EPILOG)(function)
for group in (access, keys, proposals, skills, triggers):
    app.add_typer(group.app, name=group.__name__.rpartition(".")[2])
