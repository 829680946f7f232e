"""The wrapper around a skill's output schema."""

from typing import Any

REF_PATTERN = "^[a-z2-7]{8}$"


def wrapped(schema: dict[str, Any] | None, *, with_refs: bool) -> dict[str, Any]:
    """Wrap a skill's output schema, or text where it has none, as {output, claims}; skills do not declare claims.

    `with_refs`: the run has servers, so that there is something that claims can rest on.
    """
    output = dict(schema) if schema is not None else {"type": "string"}
    definitions = output.pop("$defs", None)
    for name in ("$schema", "$id"):
        output.pop(name, None)
    claim = {
        "type": "object",
        "properties": {
            "statement": {"type": "string", "description": "One fact that the output rests on, or one thing done."},
            "refs": {
                "type": "array",
                "items": {"type": "string", "pattern": REF_PATTERN},
                "minItems": 1,
                "description": "The refs of the tool replies that show it, exactly as they were given.",
            },
        },
        "required": ["statement", "refs"],
        "additionalProperties": False,
    }
    whole: dict[str, Any] = {
        "type": "object",
        "properties": {
            "output": output,
            "claims": {"type": "array", "items": claim, "minItems": 1 if with_refs else 0},
        },
        "required": ["output", "claims"],
        "additionalProperties": False,
    }
    if definitions is not None:
        whole["$defs"] = definitions
    return whole
