"""An address that is not the API's, as a login page's, is told as that: not as a thing that moved or is not there."""

import pytest
from core.mcp_kit.corkboard import Corkboard, CorkboardSettings, corkboard_server, said
from service_kit.errors import NotReady
from service_kit.settings import load
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

PAGES: list[Response] = [
    HTMLResponse("<html>", 404),
    HTMLResponse("<html>", 302, {"location": "/welcome"}),
    RedirectResponse("/login?return_to=%2Fboards", 302),
]


@pytest.mark.bad_input
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(("tool", "arguments"), [("list_notes", {}), ("note_write", {"text": "x"})])
async def test_a_page_for_people_names_the_address(page: Response, tool: str, arguments: dict[str, str]) -> None:
    """Reads and writes name the variable to correct, and no write is said to be possibly done."""
    async with Corkboard().running() as corkboard, corkboard.tools() as tools:
        corkboard.replies.append(page)
        text, is_error = await said(tools, tool, **arguments)
    assert is_error
    assert f"A page for people answered for team in place of Corkboard's API ({page.status_code})." in text
    assert "correct CORKBOARD_API_URL" in text


@pytest.mark.bad_input
@pytest.mark.parametrize("page", PAGES)
async def test_a_server_with_a_wrong_address_is_not_ready(page: Response) -> None:
    """The server's own check names the variable, too."""
    async with Corkboard().running() as corkboard:
        corkboard.replies.append(page)
        settings = load(CorkboardSettings, {"CORKBOARD_API_URL": corkboard.url, "CORKBOARD_TOKEN": "t0ken"})
        server = corkboard_server(settings)
        assert server.close is not None
        with pytest.raises(NotReady, match="correct CORKBOARD_API_URL"):
            await server.checks["corkboard"]()
        await server.close()


async def test_a_redirect_of_the_apis_own_is_a_move() -> None:
    """A redirect in JSON that leads to no login says that the thing has moved."""
    async with Corkboard().running() as corkboard, corkboard.tools() as tools:
        corkboard.replies.append(JSONResponse({}, 301, {"location": "/boards/7/notes"}))
        assert "team has moved" in (await said(tools, "list_notes"))[0]
