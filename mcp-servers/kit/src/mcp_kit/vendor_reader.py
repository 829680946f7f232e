"""Reads a vendor's documents into models. What is not of the documented form is told, and none of its values."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from service_kit.errors import UpstreamError

from mcp_kit.call import Call

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
            call.notes.append(f"Left out of {self._name}'s list, as they are not of its form: {', '.join(odd)[:300]}.")
        return found
