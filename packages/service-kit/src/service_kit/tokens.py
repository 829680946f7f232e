"""Task and model tokens: EdDSA JWTs that the engine signs and other processes verify with public keys."""

import base64
import secrets
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import jwt
from agent_contracts import Budget, Grant
from jwt import PyJWK
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from service_kit.errors import TokenError
from service_kit.json_text import read_json
from service_kit.keys import read_private, read_public, unpublished
from service_kit.token_pieces import hash_signature
from service_kit.watched import WatchedFile

ISSUER = "agent-engine"
MODEL_AUDIENCE = "model-api"
LEEWAY_SECONDS = 30
MAX_TOKEN_BYTES = 16_384
CACHE_SIZE = 4096


class RunClaims(BaseModel):
    """What every token of a run holds: which run it is for, and when it ends."""

    model_config = ConfigDict(frozen=True)

    jti: str
    task: UUID
    attempt: int
    tenant: str
    expires_at: datetime


class TaskClaims(RunClaims):
    """A task token: what the run may do at one vendor, and the task's tool calls over all attempts.

    Attributes:
        signatures: hashes by which the signatures of the run's other tokens are known in outgoing text.
    """

    vendor: str
    grant: Grant
    tool_calls: Annotated[int, Field(ge=0)] | None = None
    signatures: tuple[str, ...] = ()


class ModelClaims(RunClaims):
    """A model token: which models the run may ask, and within which budget."""

    models: tuple[str, ...]
    budget: Budget
    skill: str = ""


class Signer:
    """Signs tokens with the key of a file, which is read again when it changes; only the engine has one.

    `fault` looks for the signing key in the file of public keys at `jwks_path`.

    Raises:
        ConfigError: a file is missing or not usable.
    """

    def __init__(self, path: Path, jwks_path: Path | None = None) -> None:
        self._key = WatchedFile(path, read_private)
        self._public = WatchedFile(jwks_path, read_public) if jwks_path is not None else None

    def fault(self) -> str | None:
        """Return a message and remedy if tokens signed now are refused everywhere; None if not, or if unknown."""
        if self._public is None:
            return None
        private = self._key.current()
        told = unpublished(private, self._public.current(), self._public.path)
        return told and unpublished(private, self._public.current(look=True), self._public.path)

    def task_token(
        self,
        *,
        task: UUID,
        attempt: int,
        tenant: str,
        vendor: str,
        audience: Sequence[str],
        grant: Grant,
        tool_calls: int | None = None,
        others: Sequence[str] = (),
        lifetime_seconds: float,
        at: datetime | None = None,
    ) -> str:
        """Sign a token for one run and vendor; `audience` is the MCP server and its gateway.

        The token is dated `at`, by default the time of this process's clock. `others` are tokens of the same run that
        were signed before: the gateway refuses text that holds a piece of their signatures.
        """
        claims: dict[str, Any] = {"vendor": vendor, "grant": grant.model_dump(mode="json")}
        if tool_calls is not None:
            claims["tool_calls"] = tool_calls
        if others:
            claims["signatures"] = [hash_signature(token) for token in others]
        return self._sign(task, attempt, tenant, list(audience), claims, lifetime_seconds, at)

    def model_token(
        self,
        *,
        task: UUID,
        attempt: int,
        tenant: str,
        models: Sequence[str],
        budget: Budget,
        skill: str = "",
        lifetime_seconds: float,
        at: datetime | None = None,
    ) -> str:
        """Sign a token for one run's model requests, whose cost counts for the task, its skill and its tenant."""
        claims = {
            "models": list(models),
            "budget": budget.model_dump(mode="json", exclude_none=True),
            "skill": skill,
        }
        return self._sign(task, attempt, tenant, [MODEL_AUDIENCE], claims, lifetime_seconds, at)

    def _sign(
        self,
        task: UUID,
        attempt: int,
        tenant: str,
        audience: list[str],
        claims: dict[str, Any],
        lifetime: float,
        at: datetime | None,
    ) -> str:
        now = int(at.timestamp() if at is not None else time.time())
        payload = {
            "iss": ISSUER,
            "sub": str(task),
            "aud": audience,
            "iat": now,
            "exp": now + int(lifetime),
            "jti": secrets.token_urlsafe(16),
            "attempt": attempt,
            "tenant": tenant,
            **claims,
        }
        key = self._key.current()
        return jwt.encode(payload, PyJWK.from_dict(key), algorithm="EdDSA", headers={"kid": str(key["kid"])})


class Verifier:
    """Verifies tokens for one audience. It remembers verified tokens until they end or a key changes."""

    def __init__(self, jwks_path: Path, *, audience: str) -> None:
        self._audience = audience
        self._cache: dict[str, RunClaims] = {}
        self._keys = WatchedFile(jwks_path, read_public, self._cache.clear)

    def fault(self) -> str | None:
        """Say for anyone that the file of public keys is not in force as it stands; None while it is."""
        return self._keys.fault()

    def task(self, token: str) -> TaskClaims:
        """Verify a task token.

        Raises:
            TokenError: it is malformed, altered, expired, another's, or no task token.
        """
        claims = self._verified(token)
        if not isinstance(claims, TaskClaims):
            raise TokenError("claims", "this is not a task token")
        return claims

    def model(self, token: str) -> ModelClaims:
        """Verify a model token.

        Raises:
            TokenError: it is malformed, altered, expired, another's, or no model token.
        """
        claims = self._verified(token)
        if not isinstance(claims, ModelClaims):
            raise TokenError("claims", "this is not a model token")
        return claims

    def _verified(self, token: str) -> RunClaims:
        self._keys.current()
        known = self._cache.get(token)
        if known is None:
            known = self._decode(token)
            if len(self._cache) >= CACHE_SIZE:
                self._cache.pop(next(iter(self._cache)))
            self._cache[token] = known
        if known.expires_at.timestamp() + LEEWAY_SECONDS <= time.time():
            self._cache.pop(token, None)
            raise TokenError("expired", _expired(known.expires_at.timestamp()))
        return known

    def _decode(self, token: str) -> RunClaims:
        if not token:
            raise TokenError("missing", "no token was given")
        if len(token) > MAX_TOKEN_BYTES:
            raise TokenError("malformed", "the token is too long")
        try:
            kid = jwt.get_unverified_header(token).get("kid")
        except jwt.InvalidTokenError:
            raise TokenError("malformed", "the token is not a JWT") from None
        keys = self._keys.current()
        if kid not in keys:
            keys = self._keys.current(look=True)  # the engine may sign with a new key before anybody looked
        if kid not in keys:
            raise TokenError("unknown_key", "the token's key is not known here")
        try:
            payload = jwt.decode(
                token,
                PyJWK.from_dict(keys[kid]),
                algorithms=["EdDSA"],
                audience=self._audience,
                issuer=ISSUER,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "aud", "iss", "sub", "jti"]},
            )
        except jwt.ExpiredSignatureError:
            raise TokenError("expired", _expired(_unverified(token)["exp"])) from None
        except jwt.ImmatureSignatureError:
            raise TokenError("claims", _from_the_future(_unverified(token)["iat"])) from None
        except jwt.InvalidAudienceError:
            raise TokenError("audience", f"the token is not for {self._audience}") from None
        except (jwt.InvalidSignatureError, jwt.InvalidAlgorithmError):
            raise TokenError("signature", "the token's signature does not fit") from None
        except jwt.InvalidTokenError as error:
            raise TokenError("claims", f"the token is not usable: {error}") from None
        _refuse_repeated_keys(token)
        return _claims(payload)


def _refuse_repeated_keys(token: str) -> None:
    """Refuse a token whose JSON gives a key twice: readers differ in which of the two they take."""
    for part in token.split(".")[:2]:
        try:
            read_json(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode())
        except ValueError as error:
            raise TokenError("claims", f"the token's claims are not usable: {error}") from None


def _unverified(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def _expired(expires_at: float) -> str:
    return f"the token expired {time.time() - expires_at:.0f} s ago by this process's clock"


def _from_the_future(issued_at: float) -> str:
    told = f"the token was signed {issued_at - time.time():.0f} s ahead of this process's clock"
    return f"{told}, which must agree with PostgreSQL's within {LEEWAY_SECONDS} s: set the clock of this host"


def _claims(payload: dict[str, Any]) -> RunClaims:
    claims = ModelClaims if "models" in payload else TaskClaims
    try:
        return claims.model_validate({**payload, "task": payload["sub"], "expires_at": payload["exp"]})
    except ValidationError as error:
        raise TokenError("claims", f"the token's claims are not usable: {error.error_count()} wrong") from None
