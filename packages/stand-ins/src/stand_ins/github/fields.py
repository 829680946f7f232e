"""Reads the fields of a request's JSON body and refuses wrong ones in GitHub's words."""

import json
from typing import Any

from stand_ins.github.refusal import Refusal, invalid_request, validation_failed

MAX_BODY_CHARACTERS = 65_536


def parse(raw: bytes, docs: str) -> Any:
    """Parse a body; an empty one is an empty object, anything else that is not JSON is refused with 400."""
    if not raw.strip():
        return {}
    try:
        return json.loads(raw)
    except ValueError:
        raise Refusal(400, "Problems parsing JSON", docs=docs) from None


class Fields:
    """A JSON object whose fields are asked for by kind."""

    def __init__(self, body: Any, docs: str, resource: str) -> None:
        if not isinstance(body, dict):
            raise Refusal(400, "Body should be a JSON object", docs=docs)
        self._body: dict[str, Any] = body
        self._docs = docs
        self._resource = resource

    def __contains__(self, name: str) -> bool:
        return name in self._body

    def raw(self, name: str) -> Any:
        """Give a field as it came."""
        return self._body.get(name)

    def title(self, *, required: bool) -> str | None:
        """Read the title: text (a number is taken as text), not blank."""
        if "title" not in self._body:
            if required:
                raise invalid_request(self._docs, '"title" wasn\'t supplied.')
            return None
        value = self._body["title"]
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise self._wrong("title", value, "a string")
        text = str(value).strip()
        if not text:
            raise validation_failed(self._docs, self.fault("title", "missing_field"))
        if len(text) > 256:
            raise validation_failed(
                self._docs, self.fault("title", "custom", "title is too long (maximum is 256 characters)")
            )
        return text

    def body(self, *, required: bool = False) -> str | None:
        """Read the text of an issue or comment; a comment's is required and not blank."""
        value = self._body.get("body")
        if value is None and not required:
            return None
        if "body" not in self._body:
            raise invalid_request(self._docs, '"body" wasn\'t supplied.')
        if not isinstance(value, str):
            raise self._wrong("body", value, "a string")
        if required and not value.strip():
            raise validation_failed(self._docs, self.fault("body", "custom", "body cannot be blank"))
        if len(value) > MAX_BODY_CHARACTERS:
            message = f"body is too long (maximum is {MAX_BODY_CHARACTERS} characters)"
            raise validation_failed(self._docs, self.fault("body", "custom", message))
        return value

    def choice(self, name: str, values: frozenset[str]) -> str | None:
        """Read one of a few words."""
        value = self._body.get(name)
        if value is None:
            return None
        if not isinstance(value, str) or value not in values:
            raise validation_failed(self._docs, self.fault(name, "invalid") | {"value": str(value)})
        return value

    def text(self, name: str, *, required: bool = False) -> str | None:
        """Read a text that may be empty."""
        value = self._body.get(name)
        if value is None and not required:
            return None
        if name not in self._body:
            raise invalid_request(self._docs, f'"{name}" wasn\'t supplied.')
        if not isinstance(value, str):
            raise self._wrong(name, value, "a string")
        return value

    def flag(self, name: str) -> bool:
        """Read true or false; false when it is left out."""
        value = self._body.get(name, False)
        if not isinstance(value, bool):
            raise self._wrong(name, value, "a boolean")
        return value

    def names(self, name: str, key: str) -> list[str] | None:
        """Read a list of names, each a string or an object that holds it under `key`."""
        if name not in self._body or self._body[name] is None:
            return None
        return names_of(self._body[name], key, f"properties/{name}", self._docs)

    def fault(self, name: str, code: str, message: str | None = None) -> dict[str, Any]:
        """Make an entry of `errors`."""
        entry = {"resource": self._resource, "field": name, "code": code}
        return entry | ({"message": message} if message else {})

    def _wrong(self, name: str, value: Any, wanted: str) -> Refusal:
        return invalid_request(self._docs, f"For 'properties/{name}', {_shown(value)} is not {wanted}.")


def names_of(value: Any, key: str, where: str, docs: str) -> list[str]:
    """Read a list of names as GitHub takes it; repeated ones count once, in the order given."""
    if not isinstance(value, list):
        raise invalid_request(docs, f"For '{where}', {_shown(value)} is not an array.")
    found: dict[str, str] = {}
    for index, item in enumerate(value):
        name = item.get(key) if isinstance(item, dict) else item
        if not isinstance(name, str) or not name.strip():
            raise invalid_request(docs, f"For '{where}/{index}', {_shown(item)} is not a string.")
        found.setdefault(name.strip().lower(), name.strip())
    return list(found.values())


def _shown(value: Any) -> str:
    return "nil" if value is None else json.dumps(value)
