"""How one operation is described in OpenAPI: the parts that the routes of every noun share."""

from typing import Any, Literal

from pydantic import BaseModel

Models = tuple[tuple[type[BaseModel], Literal["validation", "serialization"]], ...]
ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}


def operation(
    summary: str, replies: dict[str, str], *, body: dict[str, Any] | None = None, reply: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Describe an operation: what each status means, and the schemas of its JSON body and replies.

    Every refusal is described besides.
    """
    content = {"application/json": {"schema": reply}} if reply else None
    responses: dict[str, Any] = {
        status: {"description": text, **({"content": content} if content else {})} for status, text in replies.items()
    }
    responses["default"] = {
        "description": "Refused; `reason` and `remedy` say why and what to do",
        "content": {"application/json": {"schema": ref("Refusal")}},
    }
    operation: dict[str, Any] = {"summary": summary, "responses": responses}
    if body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return operation


def query(name: str) -> dict[str, Any]:
    """Describe a query parameter."""
    return {"name": name, "in": "query", "schema": {"type": "string"}}


def ref(name: str) -> dict[str, Any]:
    """Refer to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}
