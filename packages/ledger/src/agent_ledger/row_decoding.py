"""Reads what the ledger keeps as JSON: what another version wrote, or somebody changed, is an error that names it."""

from collections.abc import Iterator
from contextlib import contextmanager

from agent_contracts import Budget, Task
from agent_contracts.model import STORED
from pydantic import TypeAdapter, ValidationError
from service_kit.grants import Bound
from service_kit.validation_errors import described

from agent_ledger.errors import UnreadableRow

VENDORS = TypeAdapter(dict[str, Bound])


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Say whose row it is that cannot be read.

    Raises:
        UnreadableRow: pydantic refused what the block read.
    """
    try:
        yield
    except ValidationError as error:
        raise UnreadableRow(
            f"{what} cannot be read: {described(error)}: "
            "another version stored it, or somebody changed it: use the version that stored it"
        ) from None


def read_request(body: str, vendors: str, budget: str) -> tuple[Task, dict[str, Bound], Budget]:
    """Read a task's row: what was asked, and what its door allowed; inside `reading`."""
    return read_task_body(body), VENDORS.validate_json(vendors), read_budget(budget)


def read_task_body(text: str) -> Task:
    """Read a task as it was stored; a bound of input that came later narrows it."""
    return Task.model_validate_json(text, context=STORED)


def read_budget(text: str) -> Budget:
    """Read a budget as it was stored; likewise."""
    return Budget.model_validate_json(text, context=STORED)
