"""The base of every model on the wire: unknown fields are refused by name."""

from pydantic import BaseModel, ConfigDict


class WireModel(BaseModel):
    """Refuse unknown fields, and stay unchanged once made."""

    model_config = ConfigDict(extra="forbid", frozen=True)
