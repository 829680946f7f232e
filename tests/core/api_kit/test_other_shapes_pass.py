"""Shapes of requests and replies beyond one JSON object: several values, forms, parts with files, pages."""

from pathlib import Path

import pytest
from agent_contracts import Grant
from api_kit import Body, Call, Json, Refusal, Resource, Route, Table, mrkdwn, multipart, policy, query
from api_kit import body as bodies
from api_kit.egress_filter import filter_text, strings
from api_kit.markdown_sanitizer import Allowed
from asyncpg import Pool
from core.api_kit.toy import toy
from fixtures.resource_kinds import PROJECTS

GRANT = Grant.model_validate({"resources": {"projects": ["ops"], "channels": ["C1"]}, "mode": "write"})
PROJECT = Resource(PROJECTS, "path", "{project}")
PAGED = Route("GET", "/{project:name}/pages", resources=(PROJECT,), query=frozenset({"p"}))


def test_a_parameter_has_several_values_where_the_route_says_so() -> None:
    """`field=a&field=b` is kept in order and sent so; other parameters are still refused when they are doubled."""
    asked = query.parse(b"field=a&x=1&field=b%26c", frozenset({"field", "x"}), frozenset({"field"}))
    assert asked == {"field": ("a", "b&c"), "x": "1"}
    assert query.encode(asked) == "field=a&field=b%26c&x=1"
    with pytest.raises(Refusal, match="twice"):
        query.parse(b"x=1&x=2", frozenset({"field", "x"}), frozenset({"field"}))


def test_each_value_and_each_item_is_a_resource() -> None:
    """Several values of a parameter, and the items of a list in the body, are each named; a missing one is refused."""
    route = Route("POST", "/x", query=frozenset({"project"}), several=frozenset({"project"}))
    in_query, in_body = Resource(PROJECTS, "query", "{project}"), Resource(PROJECTS, "body", "{of[].key}")
    assert policy.names_of(in_query, Call(route, {}, {"project": ("a", "b")})) == ["a", "b"]
    assert policy.names_of(in_body, Call(route, {}, {}, {"of": [{"key": "a"}, {"key": "b"}]})) == ["a", "b"]
    wrong: list[Json] = [{"of": [{"key": "a"}, {}]}, {"of": []}, {"of": "a"}, {}]
    for body in wrong:
        with pytest.raises(Refusal):
            policy.names_of(in_body, Call(route, {}, {}, body))


def test_a_form_is_built_anew() -> None:
    """An urlencoded body has the listed fields, each once, and is encoded anew."""
    shape = Body(frozenset({"channel", "text"}), form="urlencoded")
    found = bodies.parse(b"channel=C1&text=a+b%26c", bodies.FORM, "", shape)
    assert bodies.encode(found, shape) == (b"channel=C1&text=a%20b%26c", bodies.FORM)
    for raw in (b"channel=C1&channel=C2", b"channel", b"token=x", b"channel=%zz"):
        with pytest.raises(Refusal):
            bodies.parse(raw, bodies.FORM, "", shape)


def test_parts_are_built_anew() -> None:
    """A multipart body has the listed parts; what is written anew reads as the same, under our own boundary."""
    shape = Body(frozenset({"channel"}), form="multipart", files=frozenset({"file"}))
    raw = (
        b'--b\r\nContent-Disposition: form-data; name="channel"\r\n\r\nC1\r\n'
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.log"\r\nContent-Type: text/plain\r\n\r\n'
        b"\r\n\x00--b\xff\r\n\r\n--b--\r\n"
    )
    found = bodies.parse(raw, "multipart/form-data; boundary=b", "", shape)
    assert isinstance(found, dict)
    assert isinstance(found["file"], dict)
    assert (found["channel"], multipart.content_of(found["file"])) == ("C1", b"\r\n\x00--b\xff\r\n")
    again, media = bodies.encode(found, shape)
    assert bodies.parse(again, media, "", shape) == found


@pytest.mark.parametrize(
    "head",
    [
        'form-data; name="channel"; filename="a"',
        'form-data; name="file"',
        'form-data; name="other"',
        'form-data; name="file"; filename="../a"',
        'form-data; name="file"; filename="a"\r\nX: y',
    ],
)
def test_parts_that_are_no_plain_ones_are_refused(head: str) -> None:
    """A file in a text's place, an unknown part, a path in a name, a further header."""
    shape = Body(frozenset({"channel"}), form="multipart", files=frozenset({"file"}))
    raw = f"--b\r\nContent-Disposition: {head}\r\n\r\nx\r\n--b--\r\n".encode()
    with pytest.raises(Refusal):
        bodies.parse(raw, "multipart/form-data; boundary=b", "", shape)


def test_nested_fields_are_closed() -> None:
    """Where fields are listed by path, a further field beside them is refused; below a listed one all may be there."""
    shape = Body(frozenset({"fields.project.key", "fields.text", "of[].key"}))
    good = b'{"fields": {"project": {"key": "A"}, "text": {"any": 1}}, "of": [{"key": 1}]}'
    assert bodies.parse(good, "application/json", "", shape)
    for raw in (
        b'{"fields": {"project": {"key": "A", "id": 1}}}',
        b'{"fields": "x"}',
        b'{"of": [1]}',
        b'{"x": 1}',
        b'{"fields": {"project.key": 1}}',
    ):
        with pytest.raises(Refusal, match="is not one of this route"):
            bodies.parse(raw, "application/json", "", shape)


def test_only_a_write_has_an_access_of_its_own() -> None:
    """A read whose body could make it dangerous is no read."""
    with pytest.raises(ValueError, match="access_of"):
        Table([Route("GET", "/a", access_of=lambda call: "danger")])


async def test_a_link_without_results_is_dropped(tmp_path: Path, pool: Pool) -> None:
    """A link to a next page that says itself that nothing is there leads nobody on."""
    async with toy(tmp_path, pool, GRANT, table=Table([PAGED])) as api:
        api.vendor.says([1], link='</rest/v1/ops/pages?p=2>; rel="next"; results="false"; cursor="0:2:0"')
        reply = await api.client.get("/ops/pages")
        assert (reply.json(), "link" in reply.headers) == ([1], False)


@pytest.mark.parametrize(
    ("name", "body", "found"),
    [
        ("{m[].o}/{m[].r}", {"m": [{"o": "a", "r": "x"}, {"o": "b", "r": "y"}]}, ["a/x", "b/y"]),
        ("{o}/{m[].r}", {"o": "a", "m": [{"r": "x"}, {"r": "y"}]}, ["a/x", "a/y"]),
        ("{m[].o}/{m[].r[]}", {"m": [{"o": "a", "r": ["x", "y"]}, {"o": "b", "r": ["z"]}]}, ["a/x", "a/y", "b/z"]),
        ("{o[]}/{r[]}", {"o": ["a", "b"], "r": ["x"]}, ["a/x", "b/x"]),
        ("{[].o}", [{"o": "a"}, {"o": "b"}], ["a", "b"]),
    ],
)
def test_places_in_one_item_are_of_one_resource(name: str, body: Json, found: list[str]) -> None:
    """A name of two places in a list is read off each item by itself, so that no other resource is asked for."""
    assert policy.names_of(Resource(PROJECTS, "body", name), Call(Route("POST", "/x"), {}, {}, body)) == found


def test_two_long_lists_are_not_paired() -> None:
    """A body whose lists would make more pairs than anybody means is refused before they are made."""
    body: Json = {"o": ["a"] * 1000, "r": ["x"] * 1000}
    with pytest.raises(Refusal, match="pairs"):
        policy.names_of(Resource(PROJECTS, "body", "{o[]}/{r[]}"), Call(Route("POST", "/x"), {}, {}, body))


def test_a_list_of_texts_can_be_listed() -> None:
    """`channels[]` takes a list whose items may be anything, and nothing in the list's place."""
    shape = Body(frozenset({"channels[]", "rows[][]"}))
    assert bodies.parse(b'{"channels": ["C1"], "rows": [["a"]]}', "application/json", "", shape)
    for raw in (b'{"channels": "C1"}', b'{"channels": {"a": 1}}', b'{"rows": ["a"]}', b'{"": {"channels": []}}'):
        with pytest.raises(Refusal, match="is not one of this route"):
            bodies.parse(raw, "application/json", "", shape)


def test_a_form_is_flat() -> None:
    """A form's field may be called `a.b` or `files[]`, and is found by that name as a resource and as a text."""
    shape = Body(frozenset({"a.b"}), texts={"a.b": mrkdwn}, form="multipart", files=frozenset({"files[]"}))
    parts: dict[str, Json] = {"a.b": "<!channel>", "files[]": multipart.File(filename="a", media_type="a/b", base64="")}
    raw, media = multipart.build(parts)
    assert bodies.parse(raw, media, "", shape) == parts
    call = Call(Route("POST", "/x", body=shape), {}, {}, parts)
    assert policy.names_of(Resource(PROJECTS, "body", "{a.b}"), call) == ["<!channel>"]
    allowed = Allowed((), lambda name: False)
    found = filter_text(parts, texts=shape.texts, steps=shape.steps, token=None, allowed=allowed)
    assert found.value == {**parts, "a.b": "&lt;!channel>"}


def test_a_document_is_no_file() -> None:
    """An object with a file's fields in a JSON body is read as texts: nothing in it is hidden from the filter."""
    document: Json = {"filename": "a", "media_type": "text/plain", "base64": "not base64"}
    assert set(strings(document)) == {"filename", "a", "media_type", "text/plain", "base64", "not base64"}
