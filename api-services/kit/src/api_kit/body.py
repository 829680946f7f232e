"""Bodies: read within limits, only listed fields; what is sent is made anew from what was checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from service_kit.body import JSON, build_json, check_media, parse_json
from service_kit.json_text import Json

from api_kit import json_paths, multipart, query
from api_kit.errors import Refusal
from api_kit.text_formats import TextFormat

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Body:
    """The body that a route takes: an object with these fields.

    Attributes:
        fields: the fields, as places (`text`, `fields.project.key`, `channels[]`); all below a listed one may be there.
            A form is flat: `a.b` and `files[]` are names of its fields.
        bare_list: of JSON: a list may stand in place of the object.
        texts: the format in which people read a field, by its place, of a bare list by that in its items; mentions and
            images in it are quieted, and what is no text there is refused.
        form: how it is written: JSON, urlencoded, or in parts with files.
        files: of a body in parts: the fields that are files.
    """

    fields: frozenset[str]
    bare_list: bool = False
    texts: Mapping[str, TextFormat] = field(default_factory=dict)
    form: Literal["json", "urlencoded", "multipart"] = "json"
    files: frozenset[str] = frozenset()

    def steps(self, place: str) -> json_paths.Path:
        """Return the steps to a place in the body."""
        return json_paths.steps(place) if self.form == "json" else (place,)


def parse(raw: bytes, content_type: str, encoding: str, shape: Body) -> Json:
    """Read the body of a route.

    Raises:
        Refusal: `content_type`, or `body`: it cannot be read, or has a field that the route does not list.
    """
    document: Json
    if shape.form == "json":
        document = parse_json(raw, content_type, encoding, Refusal)
    elif shape.form == "urlencoded":
        check_media(content_type, encoding, Refusal, media=FORM)
        document = _form(raw)
    elif encoding:
        raise Refusal("content_type", f"the body has the content encoding {encoding[:100]!r}")
    else:
        parts = multipart.parse(raw, content_type)
        wrong = [name for name, part in parts.items() if isinstance(part, multipart.File) != (name in shape.files)]
        if wrong:
            raise Refusal("body", f"the part {wrong[0]!r} is a file where it is a text, or a text where it is a file")
        document = dict(parts)
    if isinstance(document, list) and shape.bare_list:
        return document
    if not isinstance(document, dict):
        raise Refusal("body", "the body is not a JSON object")
    known = shape.fields | shape.files
    strange = json_paths.unlisted(document, known) if shape.form == "json" else iter(document.keys() - known)
    unknown = next(strange, None)
    if unknown is not None:
        listed = ", ".join(sorted(known))
        raise Refusal("body", f"the body's field {unknown[:100]!r} is not one of this route ({listed})")
    return document


def _form(raw: bytes) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for name, value in query.pairs(raw, "body"):
        if name in found or value is None:
            raise Refusal("body", f"the form's field {name[:100]!r} is given twice, or has no value")
        found[name] = value
    return found


def encode(document: Json, shape: Body | None) -> tuple[bytes, str]:
    """Return the body that is sent, and its content type, made of a checked document."""
    if shape is None or shape.form == "json" or not isinstance(document, dict):
        return build_json(document), JSON
    if shape.form == "multipart":
        return multipart.build(document)
    return query.encode({name: str(value) for name, value in document.items()}).encode(), FORM
