"""What the stand-in keeps of gists: plain records."""

from dataclasses import dataclass, field
from datetime import datetime

from stand_ins.github.accounts import User


@dataclass
class Gist:
    """Some files of a person, by their names; a secret one is shown to whoever knows its id."""

    id: str
    owner: User
    created_at: datetime
    updated_at: datetime
    public: bool = False
    description: str | None = None
    files: dict[str, str] = field(default_factory=dict)
