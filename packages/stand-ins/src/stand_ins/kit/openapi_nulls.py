"""Lets null in where an OpenAPI 3.0 description means it but does not write it.

In 3.0 `nullable` has no effect without `type` (an issue's milestone to set), nor where an `enum` lacks null (an issue's
state_reason).
"""

from typing import Any


def let_null_in(node: Any) -> None:
    """Mend a description, or a part of one, in place."""
    if isinstance(node, list):
        for one in node:
            let_null_in(one)
    elif isinstance(node, dict):
        for one in node.values():
            let_null_in(one)
        if isinstance(node.get("discriminator"), dict) and "oneOf" in node:
            del node["discriminator"]  # oneOf says it all, and the validator cannot follow its references
        if node.get("nullable") is True and isinstance(node.get("enum"), list) and None not in node["enum"]:
            node["enum"].append(None)
        if node.get("nullable") is True and "type" not in node and {"oneOf", "anyOf", "allOf"} & node.keys():
            rest = {key: node.pop(key) for key in list(node) if key != "description"}
            rest.pop("nullable")
            node["anyOf"] = [rest, {"enum": [None]}]
