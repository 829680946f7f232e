"""What GitHub's refusals mean where it is peculiar: our own words, never GitHub's body. Pure."""

from typing import Annotated

from mcp_kit.error_messages import Meaning
from mcp_kit.errors import ToolFailed
from pydantic import BaseModel, Field, StringConstraints, ValidationError
from service_kit.http import Reply

Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]{1,40}$")]
MOVED: Meaning = ("{target} has moved: {vendor} points elsewhere.", "Use the repository's present name.")
MEANINGS: dict[int, Meaning] = {
    **dict.fromkeys((301, 302, 307, 308), MOVED),
    404: (
        "{vendor} knows no {target}, or the token may not see it (404).",
        "Check the name and number, for instance with list_issues or search_issues.",
    ),
    410: ("{target} was deleted, or issues are switched off here (410).", "Leave it."),
}


class Fault(BaseModel):
    """One entry of a 422's `errors`; only its two closed words are shown."""

    field: Word = "request"
    code: Word = "invalid"


class Faults(BaseModel):
    """The part of a 422 that is read."""

    errors: list[Fault] = Field(default_factory=list)


def explain_fields(reply: Reply, target: str) -> ToolFailed | None:
    """Return which fields of a write GitHub does not accept; None for a reply of another status than 422."""
    if reply.status != 422:
        return None
    try:
        faults = Faults.model_validate_json(reply.body).errors[:5]
    except ValidationError:
        faults = []
    said = ", ".join(f"{fault.field} {fault.code}" for fault in faults) or "a value is not valid"
    return ToolFailed(
        f"GitHub does not accept this for {target} (422): {said}.", next_step="Correct it and call again."
    )
