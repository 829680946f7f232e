"""The base of every model on the wire, which refuses unknown fields by name; and bounds that stored rows may exceed."""

from typing import Any, Final

from pydantic import (
    BaseModel,
    ConfigDict,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

STORED: Final = "stored"
"""The validation context of a stored row, which an earlier version may have accepted under a wider bound."""


def _narrow(value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
    try:
        return handler(value)
    except ValidationError as error:
        most = error.errors()[0].get("ctx", {}).get("le")
        if info.context != STORED or most is None:
            raise
        return handler(most)


NARROWED: Final = WrapValidator(_narrow)
"""Goes after a `Field` with `le`: a stored value above the bound is read as the bound."""


class WireModel(BaseModel):
    """A model that refuses unknown fields and cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
