"""A description in a file judges every exchange of a stand-in."""

from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from fixtures import stand_in_chatter, stand_in_tracker
from fixtures.stand_in_chatter import Chatter
from fixtures.stand_in_tracker import Tracker
from stand_ins.kit.app import StandInApp
from stand_ins.kit.exchange_checker import ExchangeChecker
from stand_ins.kit.openapi import Description

KEY = {"name": "key", "in": "path", "required": True, "schema": {"type": "string"}}
ISSUE = {
    "type": "object",
    "required": ["key", "fields"],
    "properties": {"key": {"type": "string"}, "fields": {"type": "object"}},
}
SEARCH = {
    "type": "object",
    "required": ["jql"],
    "properties": {"jql": {"type": "string"}, "maxResults": {"type": "integer"}},
    "additionalProperties": False,
}
FIELDS = {
    "type": "object",
    "required": ["channel"],
    "properties": {"channel": {"type": "string"}, "text": {"type": "string", "maxLength": 5}},
}


def _answers(schema: dict[str, Any]) -> dict[str, Any]:
    return {"200": {"description": "x", "content": {"application/json": {"schema": schema}}}}


def _takes(media: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": {media: {"schema": schema}}}


def _checker(folder: Path, version: str, server: str, paths: dict[str, Any]) -> ExchangeChecker:
    document = {
        "openapi": version,
        "info": {"title": "x", "version": "1"},
        "servers": [{"url": server}],
        "paths": paths,
        "components": {"schemas": {"Issue": ISSUE}},
    }
    (folder / "vendor.openapi.yaml").write_text(yaml.safe_dump(document))
    return ExchangeChecker(Description(folder / "vendor.openapi.yaml"))


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
async def test_wrong_requests_and_replies_are_seen(tmp_path: Path, version: str) -> None:
    """What fits is no violation; an undescribed path, query, field or a missing reply field is one."""
    paths = {
        "/issue/{key}": {"get": {"parameters": [KEY], "responses": _answers({"$ref": "#/components/schemas/Issue"})}},
        "/search": {"post": {"requestBody": _takes("application/json", SEARCH), "responses": _answers({})}},
    }
    checker = _checker(tmp_path, version, "https://tracker.example/rest", paths)
    app = StandInApp(Tracker(), watch=checker)
    auth = (stand_in_tracker.USER, stand_in_tracker.TOKEN)
    search = {"jql": "project = PROJ"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t", auth=auth) as http:
        await http.get("/health")
        await http.get("/rest/issue/PROJ-1")
        await http.post("/rest/search", json=search)
        assert checker.violations == []
        assert checker.checked == {("GET", "/issue/{key}", 200), ("POST", "/search", 200)}
        await http.get("/rest/projects/PROJ/issues")
        await http.get("/rest/issue/PROJ-1?expand=all")
        await http.post("/rest/search", json=search | {"maxResults": "1"})
        await http.post("/rest/search", json=search | {"fields": ["summary"]})
        await http.post("/_stand-in/faults", json={"fault": "status", "status": 200, "body": {"key": 1}})
        await http.get("/rest/issue/PROJ-1")
        await http.get("/rest/issue/NONE-1")
    assert {(one.side, one.message) for one in checker.violations} == {
        ("request", "the vendor describes no such operation"),
        ("request", "query parameter expand is not described"),
        ("request", "body: $.maxResults: '1' is not of type 'integer'"),
        ("request", "body: $: Additional properties are not allowed ('fields' was unexpected)"),
        ("reply", "$: 'fields' is a required property"),
        ("reply", "$.key: 1 is not of type 'string'"),
        ("reply", "status 404 is not described"),
    }


async def test_form_bodies_are_checked(tmp_path: Path) -> None:
    """A form's fields are held against the schema as JSON's are."""
    form = _takes("application/x-www-form-urlencoded", FIELDS)
    paths = {"/messages.post": {"post": {"requestBody": form, "responses": _answers({})}}}
    checker = _checker(tmp_path, "3.1.0", "/api", paths)
    headers = {"Authorization": f"Bearer {stand_in_chatter.TOKEN}"}
    transport = httpx.ASGITransport(StandInApp(Chatter(), watch=checker))
    async with httpx.AsyncClient(transport=transport, base_url="http://c", headers=headers) as http:
        await http.post("/api/messages.post", data={"channel": "C0001", "text": "12345"})
        assert checker.violations == []
        await http.post("/api/messages.post", data={"text": "123456"})
    assert {one.message for one in checker.violations} == {
        "body: $: 'channel' is a required property",
        "body: $.text: '123456' is too long",
    }


def test_another_kind_of_description_is_refused(tmp_path: Path) -> None:
    """A Swagger 2 file is refused with what is taken instead."""
    (tmp_path / "old.yaml").write_text("swagger: '2.0'")
    with pytest.raises(ValueError, match="OpenAPI none is not understood"):
        Description(tmp_path / "old.yaml")
