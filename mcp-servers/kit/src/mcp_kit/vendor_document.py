"""The base of what servers read of their vendors' replies."""

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from mcp_kit.arguments import without_nulls


class VendorDocument(BaseModel):
    """A vendor's document. Where a field takes no null, null is as if it were left out: an empty list, for one."""

    model_config = ConfigDict(defer_build=True)  # a server starts without building what it may never read

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, given: Any) -> Any:
        return without_nulls(given, cls.model_fields) if isinstance(given, dict) else given
