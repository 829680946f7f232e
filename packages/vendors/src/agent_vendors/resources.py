"""A kind of a vendor's resources: how one is named, and which names are the same."""

import re
from collections.abc import Callable


class ResourceKind(str):
    """A kind of resources, such as `repositories`. It is its own name: tables and grants take it as a `str`.

    Attributes:
        grammar: a regular expression that matches a whole name. It must take linear time.
        description: the grammar in plain words, for people and models.
        separator: between a name's segments; in a grant `*` stands for one whole segment. None: a name is one segment.
        fold: returns the form in which names are compared.
        personal: whether its resources are a person's own, which are opened only where an operator names them.
    """

    grammar: re.Pattern[str]
    description: str
    example: str
    separator: str | None
    fold: Callable[[str], str]
    personal: bool

    def __new__(
        cls,
        name: str,
        *,
        grammar: str,
        description: str,
        example: str,
        separator: str | None = None,
        fold: Callable[[str], str] = str,
        personal: bool = False,
    ) -> "ResourceKind":
        """Make a kind. Without `fold`, names are compared exactly."""
        kind = super().__new__(cls, name)
        kind.grammar = re.compile(grammar)
        kind.description = description
        kind.example = example
        kind.separator = separator
        kind.fold = fold
        kind.personal = personal
        return kind

    def accepts(self, name: str) -> bool:
        """Say whether a text is the name of one resource of this kind."""
        return self.grammar.fullmatch(name) is not None

    def check(self, name: str) -> str:
        """Return a name, or raise a ValueError that says the grammar in words."""
        if not self.accepts(name):
            raise ValueError(f"must be {self.description}, as in {self.example}")
        return name

    def same(self, first: str, second: str) -> bool:
        """Say whether two names name the same resource."""
        return self.fold(first) == self.fold(second)

    def segments(self, name: str) -> list[str]:
        """Return the segments of a name or pattern, in the form in which they are compared."""
        folded = self.fold(name)
        return folded.split(self.separator) if self.separator else [folded]
