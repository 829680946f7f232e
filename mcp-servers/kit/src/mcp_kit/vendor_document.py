"""The base of what servers read of their vendors' replies."""

from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.fields import FieldInfo

from mcp_kit.arguments import without_nulls


class VendorDocument(BaseModel):
    """A vendor's document. Where a field takes no null, null is as if it were left out: an empty list, for one."""

    model_config = ConfigDict(defer_build=True)  # a server starts without building what it may never read

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, given: Any) -> Any:
        return without_nulls(given, _by_vendors_names(cls)) if isinstance(given, dict) else given


@cache
def _by_vendors_names(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}
