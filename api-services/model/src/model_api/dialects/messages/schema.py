"""The closed body of a request: exactly the fields and block types that the Claude CLI sends (2.1.329, captured).

What is not here is refused by name: server tools, MCP servers, url and file sources, containers, service tiers.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

ToolName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,128}$")]
ToolUseId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,128}$")]
ModelName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$")]


class Closed(BaseModel):
    """Only the fields named, of exactly their types."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class CacheControl(Closed):
    """A point up to which the prompt is cached, for the usual five minutes."""

    type: Literal["ephemeral"]


class Text(Closed):
    """A text."""

    type: Literal["text"]
    text: str
    cache_control: CacheControl | None = None
    citations: None = None
    """The CLI sends back the null that the API gave it."""


class Thinking(Closed):
    """What the model thought, given back to it."""

    type: Literal["thinking"]
    thinking: str
    signature: str


class RedactedThinking(Closed):
    """What the model thought and the API does not show, given back to it."""

    type: Literal["redacted_thinking"]
    data: str


class ToolUse(Closed):
    """A tool call that the model asked for."""

    type: Literal["tool_use"]
    id: ToolUseId
    name: ToolName
    input: dict[str, Any]
    cache_control: CacheControl | None = None


class ImageSource(Closed):
    """An image's bytes in the request itself: never a url, never a file of the account."""

    type: Literal["base64"]
    media_type: Literal["image/png", "image/jpeg", "image/gif", "image/webp"]
    data: str


class Image(Closed):
    """An image, as a tool gives it."""

    type: Literal["image"]
    source: ImageSource
    cache_control: CacheControl | None = None


ResultBlock = Annotated[Text | Image, Field(discriminator="type")]


class ToolResult(Closed):
    """What a tool answered."""

    type: Literal["tool_result"]
    tool_use_id: ToolUseId
    content: str | list[ResultBlock] | None = None
    is_error: bool | None = None
    cache_control: CacheControl | None = None


UserBlock = Annotated[Text | Image | ToolResult, Field(discriminator="type")]
AssistantBlock = Annotated[Text | Thinking | RedactedThinking | ToolUse, Field(discriminator="type")]
Effort = Literal["low", "medium", "high", "xhigh", "max"]


class OutputConfig(Closed):
    """How hard the model tries."""

    effort: Effort


class UserMessage(Closed):
    """The user's turn."""

    role: Literal["user"]
    content: str | list[UserBlock]


class AssistantMessage(Closed):
    """The model's turn."""

    role: Literal["assistant"]
    content: str | list[AssistantBlock]


class SystemMessage(Closed):
    """A word of the CLI's own in the conversation."""

    role: Literal["system"]
    content: str | list[Text]
    output_config: OutputConfig | None = None


Message = Annotated[UserMessage | AssistantMessage | SystemMessage, Field(discriminator="role")]


class Tool(Closed):
    """A tool of the caller's. It has no `type`: those that have one run at the vendor."""

    name: ToolName
    description: str | None = None
    input_schema: dict[str, Any]
    cache_control: CacheControl | None = None


class Metadata(Closed):
    """Who uses the API, in the caller's words."""

    user_id: str | None = None


class ThinkingEnabled(Closed):
    """Thinking within a number of tokens."""

    type: Literal["enabled"]
    budget_tokens: Annotated[int, Field(ge=1)]
    display: Literal["updates"] | None = None


class ThinkingAdaptive(Closed):
    """Thinking as the model sees fit."""

    type: Literal["adaptive"]
    display: Literal["updates"] | None = None


class ThinkingDisabled(Closed):
    """No thinking."""

    type: Literal["disabled"]


class ClearThinking(Closed):
    """What happens to the thinking of earlier turns."""

    type: Literal["clear_thinking_20251015"]
    keep: Literal["all"]


class ContextManagement(Closed):
    """Edits of the conversation at the vendor."""

    edits: list[ClearThinking]


class CountRequest(Closed):
    """The body of `POST /v1/messages/count_tokens`."""

    model: ModelName
    messages: Annotated[list[Message], Field(min_length=1)]
    system: str | list[Text] | None = None
    tools: list[Tool] | None = None
    thinking: Annotated[ThinkingEnabled | ThinkingAdaptive | ThinkingDisabled, Field(discriminator="type")] | None = (
        None
    )
    context_management: ContextManagement | None = None
    output_config: OutputConfig | None = None


class MessagesRequest(CountRequest):
    """The body of `POST /v1/messages`."""

    max_tokens: Annotated[int, Field(ge=1, le=1_000_000)]
    stream: bool = False
    temperature: Annotated[float, Field(ge=0, le=1)] | None = None
    metadata: Metadata | None = None
