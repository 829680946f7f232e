"""The base of what servers read of their vendors' replies."""

from typing import Any

from pydantic import BaseModel, model_validator

from mcp_kit.arguments import takes_null


class Document(BaseModel):
    """A vendor's document. Where a field takes no null, null is as if it were left out: an empty list, for one."""

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        fields = cls.model_fields
        return {
            name: value
            for name, value in given.items()
            if value is not None or name not in fields or takes_null(fields[name].annotation)
        }
