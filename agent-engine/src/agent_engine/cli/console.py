"""What every command shares: where output goes, and how errors become one line and an exit status."""

import asyncio
import functools
import json
import logging
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from datetime import datetime
from typing import Annotated, Any, NoReturn, ParamSpec

import asyncpg
import typer
from agent_ledger import LedgerError
from agent_stores.pool import DATABASE_ERRORS, open_pool
from pydantic import SecretStr
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text
from service_kit.errors import ConfigError, ServiceKitError
from service_kit.redact import redact
from service_kit.stdio import print_error
from service_kit.untrusted_text import for_terminal

from agent_engine.errors import EngineError, LedgerAway
from agent_engine.render import WIDEST_TABLE

P = ParamSpec("P")
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]

DONE = 0
FAILED = 1
WRONG_USE = 2
PIPED_WIDTH = 160
LONGEST_WORD = 200
LONGEST_LINE = 2000
QUIET = logging.NullHandler()
TYPED_AS = "AGENT_ENGINE_TYPED_AS"
"""The variable that says how whoever started this command types it.

`scripts/engine` sets it, so that hints can be typed as they stand.
"""


class UsageError(EngineError):
    """The caller acts: an argument is not usable; the message says what it takes."""


class Output:
    """Prints to the terminal, or as JSON."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.console = _console(None if sys.stdout.isatty() else PIPED_WIDTH)
        self.width = self.console.width if self.console.is_terminal else None

    def show(self, view: RenderableType) -> None:
        """Print for people; print nothing where JSON is wanted. Off a terminal a table is as wide as it needs."""
        if self.as_json:
            return
        if isinstance(view, Group):
            for part in view.renderables:
                self.show(part)
        elif isinstance(view, Table) and not self.console.is_terminal:
            needed = self.console.measure(view, options=self.console.options.update(max_width=WIDEST_TABLE)).maximum
            _console(max(PIPED_WIDTH, needed)).print(view)
        else:
            self.console.print(view, soft_wrap=isinstance(view, Text) and not self.console.is_terminal)

    def data(self, value: Any) -> None:
        """Print one JSON document on a line of its own, where JSON is wanted."""
        if self.as_json:
            sys.stdout.write(json.dumps(value, ensure_ascii=False, default=_as_json) + "\n")
            sys.stdout.flush()


def _as_json(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def as_typed(text: str) -> str:
    """Write each command in a hint as it can be typed here."""
    engine = os.environ.get(TYPED_AS, "agent-engine")
    stores = "agent-stores" if engine == "agent-engine" else ".venv/bin/agent-stores"
    return text.replace("`agent-engine ", f"`{engine} ").replace("`agent-stores ", f"`{stores} ")


def _console(width: int | None) -> Console:
    return Console(highlight=False, markup=False, emoji=False, width=width)


def finish(work: Coroutine[Any, Any, int]) -> NoReturn:
    """Run a command and exit with its status."""
    with exit_on_error(), closing(work):  # where Ctrl-C came before it began
        raise typer.Exit(asyncio.run(work))


def command(function: Callable[P, Coroutine[Any, Any, int]]) -> Callable[P, NoReturn]:
    """Make a command of a coroutine function that returns the exit status."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> NoReturn:
        finish(function(*args, **kwargs))

    return run


@contextmanager
def exit_on_error() -> Iterator[None]:
    """Exit with one line on standard error on errors that the user or operator can act on."""
    try:
        yield
    except (ConfigError, UsageError, LedgerError) as error:
        raise typer.Exit(fail(error, WRONG_USE)) from None
    except (EngineError, ServiceKitError, *DATABASE_ERRORS) as error:
        raise typer.Exit(fail(error, FAILED)) from None
    except (KeyboardInterrupt, typer.Abort):
        raise typer.Exit(130) from None


def fail(error: Exception, status: int) -> int:
    """Print an error in one line and give the exit status."""
    tell("error", why(error))
    return status


def tell(kind: str, message: str) -> None:
    """Print one line on standard error, broken where a terminal is narrower.

    Each word, and the line, has a length limit and is shortened in its middle.
    """
    words = (_cut(word, LONGEST_WORD) for word in redact(for_terminal(as_typed(message))).split())
    print_error(f"{kind}: {_cut(' '.join(words), LONGEST_LINE)}")


def _cut(text: str, limit: int) -> str:
    """Shorten a text to a limit. Its end, where an error has its remedy, stays."""
    return text if len(text) <= limit else f"{text[: limit // 2]}…{text[-limit // 4 :]}"


def why(error: Exception, path: object = None) -> str:
    """Give an error in words: its file, which is `path` where the error does not name one, and what is wrong."""
    name = path
    if isinstance(error, OSError):
        name = path or error.filename
    if name is None:
        return str(error) or type(error).__name__
    reason = "no such file" if isinstance(error, FileNotFoundError) else getattr(error, "strerror", None) or str(error)
    return f"{name}: {reason[:1].lower()}{reason[1:]}"


@asynccontextmanager
async def ledger(url: SecretStr) -> AsyncIterator[asyncpg.Pool]:
    """Open the ledger for one command. asyncpg's own log is off: the command says in one line what failed."""
    logging.getLogger("asyncpg").addHandler(QUIET)
    pool = await open_pool(url.get_secret_value(), size=3, application="agent-engine command line")
    try:
        yield pool
    except LedgerAway:
        pool.terminate()
        raise
    finally:
        await pool.close()
