"""The base of every model on the wire: unknown fields are refused by name; and how a bound treats what is stored."""

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
"""The context in which a row is read that an earlier version may have let in: a bound that came later narrows it."""


def _narrow(value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
    try:
        return handler(value)
    except ValidationError as error:
        most = error.errors()[0].get("ctx", {}).get("le")
        if info.context != STORED or most is None:
            raise
        return handler(most)


NARROWED: Final = WrapValidator(_narrow)
"""Behind a `Field` with `le`: a stored value that is over it is read as it."""


class WireModel(BaseModel):
    """Refuse unknown fields, and stay unchanged once made."""

    model_config = ConfigDict(extra="forbid", frozen=True)
