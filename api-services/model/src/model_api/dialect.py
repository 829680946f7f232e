"""What model-api must know of a model vendor's API: how to check, cap, meter and price a request."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from service_kit.json_text import Json
from starlette.datastructures import Headers

from model_api.errors import ModelRefusal
from model_api.tokens import Tokens


@dataclass(frozen=True)
class Operation:
    """One route of the API, taken by POST at the same path here and at the vendor.

    Attributes:
        path: the route's path.
        paid: whether its reply is paid for; an unpaid operation reserves nothing.
    """

    path: str
    paid: bool = True


@dataclass(frozen=True)
class CheckedRequest:
    """A request that may go on to the vendor.

    Attributes:
        model: the model that it asks.
        stream: whether the reply comes as events.
        document: the body that the vendor sees.
        content: its bytes.
        headers: all headers that the vendor sees, but for the credential.
        query: the query that the vendor sees.
        input_bound: at least as many tokens as the vendor will count in the input.
        max_output: the most output tokens that it asks for; 0 where it produces none.
        fewest_output: the vendor refuses the request with a smaller `max_output`.
    """

    model: str
    stream: bool
    document: dict[str, Json]
    content: bytes = field(repr=False)
    headers: dict[str, str]
    input_bound: int
    query: dict[str, str] = field(default_factory=dict)
    max_output: int = 0
    fewest_output: int = 1


class Meter(Protocol):
    """Reads a reply's usage from its bytes as they pass."""

    @property
    def complete(self) -> bool:
        """Whether the reply has said its usage; later figures may still replace it."""

    @property
    def over(self) -> bool:
        """Whether the reply's last usage has been read."""

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""

    def tokens(self) -> Tokens:
        """Return the usage that the reply has said so far."""

    def seen(self) -> Tokens | None:
        """Return at least the usage of what has come so far; None before the reply said its input."""


class Dialect(Protocol):
    """The API of a model vendor. Authentication, budgets, charging and audit know a vendor by this alone."""

    @property
    def operations(self) -> tuple[Operation, ...]:
        """The routes that are served."""

    @property
    def request_id_header(self) -> str:
        """The reply's header that names the request at the vendor."""

    @property
    def count_path(self) -> str | None:
        """Where the vendor counts a request's input for nothing; None where it does not."""

    def check(self, operation: Operation, raw: bytes, headers: Headers, query: bytes) -> CheckedRequest:
        """Check a request whole: a closed body, listed headers and a listed query; it may run in a thread.

        Raises:
            ModelRefusal: `header`, `query`, `content_type`, `rate` or `body`; the message names the field.
        """

    def cap(self, request: CheckedRequest, output: int) -> CheckedRequest:
        """Return the request with at most so many output tokens; nothing else of it changes."""

    def count_body(self, request: CheckedRequest) -> bytes:
        """Return the body by which the vendor counts the request's input at `count_path`."""

    def read_count(self, body: bytes) -> int | None:
        """Return the input tokens that the vendor counted, or None where the reply names none."""

    def meter(self, *, stream: bool) -> Meter:
        """Return a new meter for one reply."""

    def price(self, model: str, tokens: Tokens) -> Decimal:
        """Return the list price of tokens in US dollars. Raises LookupError for a model without one."""

    def passed_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Return those of the vendor's reply headers that the caller sees, in lower case."""

    def error(self, refusal: ModelRefusal) -> bytes:
        """Return our own refusal in the form in which the vendor gives errors."""
