"""The server that the conformance suite is run against: its fixtures, served by the kit as every server here is."""

import base64
import json
import struct
import zlib

import mcp_types as mt
from contract.mcp import fixture_rounds
from fastmcp import Context, FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.prompts import Message
from mcp_kit.server import Server


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


HEADER = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
PNG = (
    b"\x89PNG\r\n\x1a\n"
    + _chunk(b"IHDR", HEADER)
    + _chunk(b"IDAT", zlib.compress(b"\0\xff\0\0"))
    + _chunk(b"IEND", b"")
)
WAV = struct.pack("<4sI4s4sIHHIIHH4sIh", b"RIFF", 38, b"WAVE", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16, b"data", 2, 0)
IMAGE = mt.ImageContent(type="image", data=base64.b64encode(PNG).decode(), mime_type="image/png")
AUDIO = mt.AudioContent(type="audio", data=base64.b64encode(WAV).decode(), mime_type="audio/wav")


def embedded(uri: str, kind: str, text: str) -> mt.EmbeddedResource:
    """Make an embedded resource."""
    return mt.EmbeddedResource(type="resource", resource=mt.TextResourceContents(uri=uri, mime_type=kind, text=text))


def conformance_server() -> Server:
    """Make the server; it has no tools of the kit's own, only the suite's fixtures."""
    return Server(name="conformance", version="1.0.0", instructions="Fixtures.", tools=[], extend=register)


def register(protocol: "FastMCP[None]") -> None:
    """Add the fixtures."""
    _tools(protocol)
    _resources(protocol)
    _prompts(protocol)
    fixture_rounds.register(protocol)


def _tools(protocol: "FastMCP[None]") -> None:
    @protocol.tool(name="test_simple_text")
    async def simple_text() -> str:
        """Fixture: simple text."""
        return "This is a simple text response for testing."

    @protocol.tool(name="test_image_content", output_schema=None)
    async def image_content() -> list[mt.ImageContent]:
        """Fixture: image content."""
        return [IMAGE]

    @protocol.tool(name="test_audio_content", output_schema=None)
    async def audio_content() -> list[mt.AudioContent]:
        """Fixture: audio content."""
        return [AUDIO]

    @protocol.tool(name="test_embedded_resource", output_schema=None)
    async def embedded_resource() -> list[mt.EmbeddedResource]:
        """Fixture: embedded resource."""
        return [embedded("test://embedded-resource", "text/plain", "This is an embedded resource content.")]

    @protocol.tool(name="test_multiple_content_types", output_schema=None)
    async def multiple_content_types() -> list[mt.TextContent | mt.ImageContent | mt.EmbeddedResource]:
        """Fixture: multiple content types."""
        text = mt.TextContent(type="text", text="Multiple content types test:")
        return [
            text,
            IMAGE,
            embedded("test://mixed-content-resource", "application/json", '{"test":"data","value":123}'),
        ]

    @protocol.tool(name="test_error_handling")
    async def error_handling() -> str:
        """Fixture: error handling."""
        raise ToolError("This tool intentionally returns an error for testing")

    for name in ("test_tool_with_logging", "test_logging_tool"):

        @protocol.tool(name=name)
        async def with_logging(ctx: Context) -> str:
            """Fixture: with logging."""
            for message in ("Tool execution started", "Tool processing data", "Tool execution completed"):
                await ctx.info(message)
            return "Logged."

    @protocol.tool(name="test_tool_with_progress")
    async def with_progress(ctx: Context) -> str:
        """Fixture: with progress."""
        for done in (0, 50, 100):
            await ctx.report_progress(done, 100)
        return "Done."


def _resources(protocol: "FastMCP[None]") -> None:
    @protocol.resource("test://static-text", mime_type="text/plain")
    def static_text() -> str:
        """Fixture: static text."""
        return "This is the content of the static text resource."

    @protocol.resource("test://static-binary", mime_type="image/png")
    def static_binary() -> bytes:
        """Fixture: static binary."""
        return PNG

    @protocol.resource("test://template/{id}/data", mime_type="application/json")
    def template(id: str) -> str:  # noqa: A002  # the template's own word
        """Fixture: template."""
        return json.dumps({"id": id, "templateTest": True, "data": f"Data for ID: {id}"})


def _prompts(protocol: "FastMCP[None]") -> None:
    @protocol.prompt(name="test_simple_prompt")
    def simple_prompt() -> str:
        """Fixture: simple prompt."""
        return "This is a simple prompt for testing."

    @protocol.prompt(name="test_prompt_with_arguments")
    def with_arguments(arg1: str, arg2: str) -> str:
        """Fixture: with arguments."""
        return f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"

    @protocol.prompt(name="test_prompt_with_embedded_resource")
    def with_resource(resourceUri: str) -> list[Message]:  # noqa: N803  # the suite's own word
        """Fixture: with resource."""
        return [Message(embedded(resourceUri, "text/plain", "Embedded resource content for testing."))]

    @protocol.prompt(name="test_prompt_with_image")
    def with_image() -> list[Message]:
        """Fixture: with image."""
        return [Message(IMAGE), Message("Please analyze the image above.")]

    @protocol.completion
    async def complete(ref: object, argument: mt.CompletionArgument, context: object) -> list[str]:
        """Fixture: complete."""
        return [word for word in ("paris", "park", "party") if word.startswith(argument.value)]
