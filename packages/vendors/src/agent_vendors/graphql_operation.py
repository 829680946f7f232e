"""A GraphQL operation of a vendor: a record."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Operation:
    """An operation. Its variables are those that its text declares; `owner` and `name` are the repository's."""

    name: str
    text: str

    @property
    def writes(self) -> bool:
        """Whether it changes something."""
        return self.text.lstrip().startswith("mutation")
