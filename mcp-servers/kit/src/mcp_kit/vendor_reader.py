"""Reads a vendor's documents into models. What is not of the documented form is told, and none of its values."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from service_kit.errors import UpstreamError

from mcp_kit.call import Call

MOST_NAMED = 5
"""Rows that are named one by one where they are left out."""
M = TypeVar("M", bound=BaseModel)


class VendorReader:
    """Reads documents of the vendor that `name` names for people."""

    def __init__(self, name: str) -> None:
        self._name = name

    def heed_ceiling(self, call: Call, rows: int, ceiling: int) -> None:
        """Tell the caller of a list's end that the vendor lists no more than so many rows."""
        if rows >= ceiling:
            call.notes.append(f"{self._name} lists {ceiling:,} here at the most: there may be more that it leaves out.")

    def read(self, model: type[M], document: Any) -> M:
        """Read a document of the vendor's into a model.

        Raises:
            UpstreamError: it is not of the documented form; the error names its places and none of its values.
        """
        try:
            return model.model_validate(document)
        except ValidationError as error:
            places = ", ".join(".".join(map(str, item["loc"])) for item in error.errors()[:3])
            raise UpstreamError(f"{self._name}'s reply is not of the documented form: {places}") from None
        except (AttributeError, LookupError, TypeError) as error:
            # a validator that looks into a nested document finds something else there
            raise UpstreamError(f"{self._name}'s reply is not of the documented form: nested documents") from error

    def read_listing(self, call: Call, model: type[M], document: Any, **lists: type[BaseModel]) -> M:
        """Read a document that holds lists, by the models of their rows: what is odd in one is left out of it.

        Raises:
            UpstreamError: as `read` and `read_rows`.
        """
        if not isinstance(document, dict):
            return self.read(model, document)
        found = {name: rows for name in lists if (rows := document.get(name)) is not None}
        return self.read(
            model, {**document, **{name: self.read_rows(call, lists[name], rows) for name, rows in found.items()}}
        )

    def read_rows(self, call: Call, model: type[M], document: Any) -> list[M]:
        """Read a list of documents. What is not of the documented form is left out, and the caller is told which.

        Raises:
            UpstreamError: it is no list, or none of them is of the documented form.
        """
        if not isinstance(document, list):
            raise UpstreamError(f"{self._name}'s reply is not a list")
        found, odd = [], []
        for number, item in enumerate(document, 1):
            try:
                found.append(self.read(model, item))
            except UpstreamError as error:
                odd.append(f"row {number} ({str(error).rpartition(': ')[2]})")
                if len(odd) == len(document):
                    raise
        if odd:
            named = ", ".join(odd[:MOST_NAMED]) + (
                f" and {len(odd) - MOST_NAMED} more" if len(odd) > MOST_NAMED else ""
            )
            call.notes.append(f"Left out of {self._name}'s list, as they are not of its form: {named}.")
        return found
