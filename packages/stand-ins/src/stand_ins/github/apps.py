"""GitHub Apps: their installations, the JWTs by which they prove themselves, and the tokens that they get."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt

LONGEST_JWT_SECONDS = 600
TOKEN_SECONDS = 3600


@dataclass
class App:
    """An App with one installation, which reaches all repositories that the operator's account may see.

    Attributes:
        public_key: as PEM; GitHub keeps it, and the operator the private one.
        seconds: how long a token lives; GitHub's live for an hour.
    """

    id: int
    slug: str
    installation: int
    public_key: str
    created_at: datetime
    suspended: bool = False
    seconds: int = TOKEN_SECONDS

    @property
    def login(self) -> str:
        """The account by which it writes."""
        return f"{self.slug}[bot]"

    @property
    def client_id(self) -> str:
        """What it may be named by in place of its id."""
        return f"Iv1.{self.id:016d}"

    def fault_of(self, token: str, now: datetime) -> str | None:
        """Say in GitHub's words what is wrong with a JWT; None for one that is this App's."""
        try:
            claims = jwt.decode(
                token,
                self.public_key,
                algorithms=["RS256"],
                options={"require": ["iss", "iat", "exp"], "verify_exp": False, "verify_iat": False},
            )
        except jwt.PyJWTError:
            return "A JSON web token could not be decoded"
        if str(claims["iss"]) not in {str(self.id), self.client_id}:
            return "Integration not found"
        issued, ends, at = int(claims["iat"]), int(claims["exp"]), int(now.timestamp())
        if issued > at:
            return "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
        if ends <= at:
            return "'Expiration time' claim ('exp') must be a numeric value representing a future time"
        if ends > at + LONGEST_JWT_SECONDS:
            return "'Expiration time' claim ('exp') is too far in the future"
        return None

    def make_token(self, now: datetime) -> tuple[str, datetime]:
        """Make a token of the installation, and say when it ends."""
        return f"ghs_{secrets.token_hex(18)}", now + timedelta(seconds=self.seconds)
