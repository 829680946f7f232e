"""What every command shares: where output goes, and how errors become one line and an exit status."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Annotated, Any, NoReturn

import asyncpg
import typer
from agent_ledger import LedgerError
from agent_stores.pool import open_pool
from pydantic import SecretStr
from rich.console import Console, RenderableType
from rich.text import Text
from service_kit.errors import ConfigError, ServiceKitError
from service_kit.foreign import for_terminal
from service_kit.redact import redact

from agent_engine.errors import EngineError

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]

DONE = 0
FAILED = 1
WRONG_USE = 2
PIPED_WIDTH = 160


class UsageError(EngineError):
    """The caller acts: an argument is not usable; the message says what it takes."""


class Screen:
    """Prints to the terminal, or as JSON."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        width = None if sys.stdout.isatty() else PIPED_WIDTH
        self.console = Console(highlight=False, markup=False, emoji=False, width=width)

    def show(self, view: RenderableType) -> None:
        """Print for people; nothing where JSON is wanted."""
        if not self.as_json:
            self.console.print(view, soft_wrap=isinstance(view, Text))

    def data(self, value: Any) -> None:
        """Print one JSON document on a line of its own; nothing where people read."""
        if self.as_json:
            sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")
            sys.stdout.flush()


def finish(work: Coroutine[Any, Any, int]) -> NoReturn:
    """Run a command and exit: errors that somebody can act on are one line on standard error."""
    try:
        status = asyncio.run(work)
    except (ConfigError, UsageError) as error:
        status = fail(error, WRONG_USE)
    except LedgerError as error:
        status = fail(error, WRONG_USE)
    except (EngineError, ServiceKitError, asyncpg.PostgresError, OSError) as error:
        status = fail(error, FAILED)
    except KeyboardInterrupt:
        status = 130
    raise typer.Exit(status)


def fail(error: Exception, status: int) -> int:
    """Print an error in one line and give the exit status."""
    text = redact(for_terminal(str(error) or type(error).__name__))
    sys.stderr.write(f"error: {' '.join(text.split())}\n")
    return status


@asynccontextmanager
async def ledger(url: SecretStr) -> AsyncIterator[asyncpg.Pool]:
    """Open the ledger for one command."""
    pool = await open_pool(url.get_secret_value(), size=3, application="agent-engine command line")
    try:
        yield pool
    finally:
        await pool.close()
