"""A server uploads a file as parts of a multipart body: to the vendor itself, and through the vendor's gateway."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from agent_contracts import Grant
from api_kit import Body, Probe, Resource, Route, Table, multipart
from asyncpg import Pool
from core.api_kit.toy import TOKEN, TOOLS, never_found, toy
from core.mcp_kit.corkboard import Corkboard, CorkboardSettings
from fixtures.resource_kinds import BOARDS
from mcp_kit.call import Call
from mcp_kit.errors import DryRun, WrongArguments
from mcp_kit.upload import File, Parts
from mcp_kit.vendor_client import VendorClient
from mcp_kit.vendor_path import path_of
from service_kit.settings import load

PICTURE = b"\x89PNG\r\n--\r\n\x00\xff"
PARTS: Parts = {"board": "team", "file": File("ä & b.png", PICTURE, "image/png")}
ARRIVED = {
    "board": "team",
    "file": {"filename": "ä & b.png", "media_type": "image/png", "base64": "iVBORw0KLS0NCgD/"},
}
UPLOADS = Table(
    [
        Route(
            "POST",
            "/files",
            access="write",
            tools=TOOLS,
            resources=(Resource(BOARDS, "body", "{board}"),),
            body=Body(frozenset({"board"}), form="multipart", files=frozenset({"file"})),
            verify_reply=lambda asked, reply: None,
            probe=Probe(never_found),
        )
    ]
)


def client_of(**environ: str) -> VendorClient:
    """Make Corkboard's client."""
    settings = load(CorkboardSettings, {"CORKBOARD_TOKEN": TOKEN, **environ})
    return VendorClient(settings, name="Corkboard", command="corkboard-mcp", headers={})


async def upload(client: VendorClient) -> object:
    """Upload the picture, and return what came of it."""
    try:
        reply = await client.send(Call("say"), "POST", path_of("/files"), "the board", parts=PARTS, success=201)
        return reply.json()
    finally:
        await client.aclose()


@pytest.fixture
async def corkboard() -> AsyncIterator[Corkboard]:
    """The running vendor."""
    async with Corkboard().running() as running:
        yield running


async def test_a_vendor_gets_texts_and_files(corkboard: Corkboard) -> None:
    """Each part arrives under its name: a text as it is, a file with its name, its media type and all its bytes."""
    corkboard.says({"id": 1}, 201)
    assert await upload(client_of(CORKBOARD_API_URL=corkboard.url)) == {"id": 1}
    (request,) = corkboard.asked
    assert multipart.parse(await request.body(), request.headers["content-type"]) == ARRIVED


async def test_a_gateway_takes_them_and_passes_them_on(tmp_path: Path, pool: Pool) -> None:
    """What a server sends is what a gateway's multipart route takes, checks by the grant and sends to the vendor."""
    grant = Grant.model_validate({"resources": {"boards": ["team"]}, "mode": "write"})
    async with toy(tmp_path, pool, grant, table=UPLOADS) as api:
        api.vendor.says({"id": 1}, 201)
        assert await upload(client_of(CORKBOARD_API_URL=api.url, CORKBOARD_GATEWAY="true")) == {"id": 1}
        assert api.vendor.seen == ["POST /rest/v1/files"]
        assert PICTURE in api.vendor.bodies[0]


async def test_a_dry_run_shows_a_file_by_its_size() -> None:
    """Nothing is sent; of a file the name, the media type and the number of bytes are shown."""
    with pytest.raises(DryRun) as shown:
        await upload(client_of(DRY_RUN="true"))
    text = shown.value.text()
    assert text.startswith("POST /files\n")
    assert f'"bytes": {len(PICTURE)}' in text
    assert '"board": "team"' in text
    assert "PNG" not in text


@pytest.mark.parametrize("name", ["", "a/b", "a\\b", 'a"b', "a\r\nx: y", "a\x00", "\ud800", "x" * 201])
def test_a_filename_is_a_name_alone(name: str) -> None:
    """A filename that could be a folder or another header is refused before anything is sent."""
    with pytest.raises(WrongArguments, match="cannot be a file's name"):
        File(name, b"")


@pytest.mark.parametrize("media_type", ["", "text", "text/plain\r\nx: y", "text/plain; name=a"])
def test_a_media_type_is_one(media_type: str) -> None:
    """What is no media type is refused before anything is sent."""
    with pytest.raises(WrongArguments, match="is not a media type"):
        File("a.log", b"", media_type)
