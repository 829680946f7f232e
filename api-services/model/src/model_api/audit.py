"""One structured line for each request, and its figures."""

import time
from dataclasses import dataclass, field
from decimal import Decimal

from prometheus_client import CollectorRegistry, Counter, Histogram
from service_kit.log import get_logger
from service_kit.tokens import ModelClaims

from model_api.tokens import Tokens

BUCKETS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 600)


@dataclass
class AuditEntry:
    """What is known of a request so far; filled on its way."""

    route: str
    started: float = field(default_factory=time.monotonic)
    claims: ModelClaims | None = None
    model: str | None = None
    stream: bool = False
    status: int | None = None
    reason: str | None = None
    request_id: str | None = None
    tokens: Tokens | None = None
    usd: Decimal | None = None
    estimated: bool = False
    """Whether the tokens are partly a guess, since the reply did not say them."""
    client_gone: bool = False


class Audit:
    """Writes the lines and counts; no name but the models that are served becomes a label."""

    def __init__(self, registry: CollectorRegistry, *, models: tuple[str, ...]) -> None:
        self._models = frozenset(models)
        self._log = get_logger("audit")
        labels = ("model", "status", "reason")
        self._requests = Counter("model_requests", "Requests answered.", labels, registry=registry)
        self._tokens = Counter("model_tokens", "Tokens used.", ("model", "kind"), registry=registry)
        self._usd = Counter("model_usd", "US dollars spent.", ("model",), registry=registry)
        self._seconds = Histogram(
            "model_seconds", "Time to the end of the answer.", ("model",), registry=registry, buckets=BUCKETS
        )

    def write(self, entry: AuditEntry) -> None:
        """Write a request's line, once it has ended."""
        seconds = time.monotonic() - entry.started
        model = entry.model if entry.model in self._models else "none"
        tokens = entry.tokens or Tokens()
        self._requests.labels(model, str(entry.status or 0), entry.reason or "").inc()
        self._seconds.labels(model).observe(seconds)
        for kind in ("input", "output", "cache_read", "cache_write"):
            self._tokens.labels(model, kind).inc(getattr(tokens, kind))
        self._usd.labels(model).inc(float(entry.usd or 0))
        claims = entry.claims
        self._log.info(
            "request",
            route=entry.route,
            task_id=str(claims.task) if claims else None,
            attempt=claims.attempt if claims else None,
            tenant=claims.tenant if claims else None,
            model=entry.model,
            stream=entry.stream,
            status=entry.status,
            reason=entry.reason,
            request_id=entry.request_id,
            input_tokens=tokens.input,
            output_tokens=tokens.output,
            cache_read_tokens=tokens.cache_read,
            cache_write_tokens=tokens.cache_write,
            usd=str(entry.usd) if entry.usd is not None else None,
            estimated=entry.estimated,
            client_gone=entry.client_gone,
            ms=round(seconds * 1000, 2),
        )
