"""Tokens as attackers may have them: right in all but what a case says."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import jwt
from attack.request import Token
from jwt import PyJWK
from service_kit.keys import generate_keypair

ISSUER = "agent-engine"
EVERYTHING = {"tools": ["issue_read", "issue_write", "add_issue_comment"], "resources": {"repositories": ["*/*"]}}


@dataclass(frozen=True)
class Mint:
    """Makes tokens.

    Attributes:
        task: of the live run, in its `attempt`.
        repository: what its grant opens.
        model: what its model token may ask.
    """

    secrets: Path
    task: UUID
    attempt: int
    repository: str
    model: str

    def make(self, wanted: Token) -> str:
        """Make the token that a case describes."""
        claims = self._claims(wanted)
        for name in wanted.without:
            claims.pop(name, None)
        token = self._signed(wanted, claims)
        if wanted.widened:
            head, _, mark = token.split(".")
            token = f"{head}.{_part(claims | _wide(wanted.kind))}.{mark}"
        return token[: len(token) - wanted.cut]

    def _claims(self, wanted: Token) -> dict[str, Any]:
        now = int(time.time())
        task = uuid4() if wanted.run == "none" else self.task
        step = {"next": 1, "last": -1}.get(wanted.run, 0)
        common = {
            "iss": ISSUER,
            "sub": str(task),
            "iat": now,
            "exp": now + wanted.lifetime,
            "attempt": self.attempt + step,
        }
        common |= {"tenant": "default", "jti": secrets.token_urlsafe(16)}
        if wanted.kind == "model":
            common |= {"aud": ["model-api"], "models": [self.model], "budget": {"usd": "0.10", "tokens": 10_000}}
        else:
            grant = {
                "tools": ["issue_read", "list_labels", "search_issues", "get_file_contents", "issue_write"],
                "resources": {"repositories": [self.repository]},
                "mode": "write",
                "limits": {"issue_write": 1},
            }
            common |= {"aud": ["github-mcp", "github-api"], "vendor": "github", "grant": grant | wanted.grant}
        return common | wanted.claims

    def _signed(self, wanted: Token, claims: dict[str, Any]) -> str:
        own = json.loads((self.secrets / "signing-key.json").read_text())
        public = json.loads((self.secrets / "jwks.json").read_text())["keys"][0]
        if wanted.signed == "nobody":
            return f"{_part({'alg': 'none', 'typ': 'JWT', 'kid': own['kid']})}.{_part(claims)}."
        if wanted.signed == "hmac":
            signed = f"{_part({'alg': 'HS256', 'typ': 'JWT', 'kid': own['kid']})}.{_part(claims)}"
            return f"{signed}.{_base64(hmac.new(public['x'].encode(), signed.encode(), hashlib.sha256).digest())}"
        key, headers = own, {"kid": own["kid"]}
        if wanted.signed in ("stranger", "stranger-kid", "embedded"):
            key, known = generate_keypair("stranger")
            headers = {"kid": "stranger" if wanted.signed == "stranger-kid" else own["kid"]}
            if wanted.signed == "embedded":
                headers |= {"jwk": known, "jku": "http://192.0.2.1/jwks.json"}
        if wanted.signed == "no-kid":
            headers = {}
        return jwt.encode(claims, PyJWK.from_dict(key), algorithm="EdDSA", headers=headers)


def _wide(kind: str) -> dict[str, Any]:
    if kind == "model":
        return {"models": ["*"], "budget": {"usd": "10000"}}
    return {"grant": {**EVERYTHING, "mode": "write", "limits": {}}}


def _part(value: Any) -> str:
    return _base64(json.dumps(value).encode())


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
