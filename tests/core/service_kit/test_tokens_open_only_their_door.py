"""Task and model tokens: who may use them, where, and for how long."""

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

import jwt
import pytest
from agent_contracts import Budget, Grant
from jwt import PyJWK
from service_kit.errors import ConfigError, TokenError
from service_kit.keys import retire, rotate, write_keys
from service_kit.tokens import Signer, Verifier

TASK = UUID("01930000-0000-7000-8000-000000000001")
GRANT = Grant(tools=["issue_read"], resources={"repositories": ["octocat/hello-world"]})


@dataclass(frozen=True)
class Keys:
    """A key pair on disk."""

    private: Path
    public: Path

    def signer(self) -> Signer:
        """Give the signer of the private key."""
        return Signer(self.private)

    def verifier(self, audience: str = "github-api") -> Verifier:
        """Give a verifier for one audience."""
        return Verifier(self.public, audience=audience)


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    """Make a key pair."""
    made = Keys(tmp_path / "private.json", tmp_path / "jwks.json")
    write_keys(made.private, made.public)
    return made


def task_token(signer: Signer, *, lifetime: float = 60, at: datetime | None = None) -> str:
    """Sign a task token for the GitHub server and its gateway."""
    return signer.task_token(
        task=TASK,
        attempt=2,
        tenant="acme",
        vendor="github",
        audience=["github-mcp", "github-api"],
        grant=GRANT,
        lifetime_seconds=lifetime,
        at=at,
    )


def test_a_task_token_carries_its_grant_to_both_audiences(keys: Keys) -> None:
    """One token opens the MCP server and its gateway, with the same claims."""
    token = task_token(keys.signer())
    for audience in ("github-mcp", "github-api"):
        claims = keys.verifier(audience).task(token)
        assert (claims.task, claims.attempt, claims.tenant, claims.vendor) == (TASK, 2, "acme", "github")
        assert claims.grant == GRANT


def test_budgets_are_in_the_tokens(keys: Keys) -> None:
    """A task token says how many tools the task may call, if that is bounded, and a model token which skill pays."""
    signer = keys.signer()

    def of_task(tool_calls: int | None) -> int | None:
        token = signer.task_token(
            task=TASK, attempt=1, tenant="acme", vendor="github", audience=["github-api"], grant=GRANT,
            tool_calls=tool_calls, lifetime_seconds=60,
        )  # fmt: skip
        return keys.verifier("github-api").task(token).tool_calls

    assert (of_task(0), of_task(None)) == (0, None)
    token = signer.model_token(
        task=TASK, attempt=1, tenant="acme", models=["m"], budget=Budget(), skill="triage", lifetime_seconds=60
    )
    assert keys.verifier("model-api").model(token).skill == "triage"


def test_a_model_token_is_no_task_token(keys: Keys) -> None:
    """Each kind of token opens its own kind of door alone."""
    signer = keys.signer()
    model = signer.model_token(
        task=TASK, attempt=1, tenant="acme", models=["m"], budget=Budget(tokens=5), lifetime_seconds=60
    )
    assert keys.verifier("model-api").model(model).budget.tokens == 5
    with pytest.raises(TokenError) as refused:
        keys.verifier("github-api").task(model)
    assert refused.value.reason == "audience"
    with pytest.raises(TokenError) as refused:
        keys.verifier("model-api").task(model)
    assert refused.value.reason == "claims"


def altered(token: str) -> str:
    """Change one character of the payload."""
    head, payload, signature = token.split(".")
    return ".".join([head, payload[:-2] + ("A" if payload[-2] != "A" else "B") + payload[-1], signature])


def unsigned(_: str) -> str:
    """Make a token that claims to need no signature."""
    return jwt.encode({"sub": str(TASK), "aud": "github-api"}, "", algorithm="none")


def foreign_key(_: str) -> str:
    """Sign with a key that is not public here."""
    with TemporaryDirectory() as folder:
        write_keys(Path(folder, "private.json"), Path(folder, "jwks.json"))
        return task_token(Signer(Path(folder, "private.json")))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (altered, "signature"),
        (unsigned, "unknown_key"),
        (foreign_key, "unknown_key"),
        (lambda _: "", "missing"),
        (lambda _: "x.y", "malformed"),
        (lambda _: "x" * 20_000, "malformed"),
    ],
)
def test_what_was_not_signed_here_is_refused(keys: Keys, make: Callable[[str], str], reason: str) -> None:
    """An altered, unsigned, foreign, missing or broken token is refused with its reason."""
    with pytest.raises(TokenError) as refused:
        keys.verifier().task(make(task_token(keys.signer())))
    assert refused.value.reason == reason


@pytest.mark.parametrize("claim", ["exp", "iat", "aud", "iss", "sub", "jti"])
def test_a_token_that_lacks_a_required_claim_is_refused(keys: Keys, claim: str) -> None:
    """No claim that bounds a token may be left out, whoever signed it."""
    private = json.loads(keys.private.read_text())
    now = int(time.time())
    payload = {"iss": "agent-engine", "sub": str(uuid4()), "aud": "github-api", "iat": now, "exp": now + 9, "jti": "j"}
    del payload[claim]
    token = jwt.encode(payload, PyJWK.from_dict(private), algorithm="EdDSA", headers={"kid": private["kid"]})
    with pytest.raises(TokenError):
        keys.verifier().task(token)


def test_a_key_given_twice_is_refused_by_name(keys: Keys) -> None:
    """A grant whose JSON names a key twice is refused, though its signature fits: readers differ in what they take."""
    private = json.loads(keys.private.read_text())
    good = task_token(keys.signer())
    payload = base64.urlsafe_b64decode(good.split(".")[1] + "==").decode()
    twice = payload.replace('"tools":', '"mode":"write","mode":"read","tools":', 1)
    assert twice != payload
    signed = jwt.PyJWS().encode(
        twice.encode(), PyJWK.from_dict(private), algorithm="EdDSA", headers={"kid": private["kid"]}
    )
    with pytest.raises(TokenError, match="the key 'mode' is given twice") as refused:
        keys.verifier().task(signed)
    assert refused.value.reason == "claims"


def test_a_time_of_no_year_is_refused(keys: Keys) -> None:
    """A token that ends when no calendar has a year is not usable, whoever signed it."""
    private, now = json.loads(keys.private.read_text()), int(time.time())
    payload = {"iss": "agent-engine", "sub": str(uuid4()), "aud": "github-api", "iat": now, "exp": 10**18, "jti": "j"}
    payload |= {"attempt": 1, "tenant": "acme", "vendor": "github", "grant": GRANT.model_dump(mode="json")}
    token = jwt.encode(payload, PyJWK.from_dict(private), algorithm="EdDSA", headers={"kid": private["kid"]})
    with pytest.raises(TokenError, match="claims are not usable: 1 wrong"):
        keys.verifier().task(token)


def test_a_token_is_dated_by_the_clock_that_counts(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signer whose clock is minutes ahead signs good tokens by another; those by its own are refused."""
    true = datetime.now(UTC)
    with monkeypatch.context() as shifted:
        shifted.setattr("service_kit.tokens.time.time", lambda: time.time_ns() / 1e9 + 300)
        good, ahead = task_token(keys.signer(), at=true), task_token(keys.signer())
    claims = keys.verifier().task(good)
    assert claims.expires_at == true.replace(microsecond=0) + timedelta(seconds=60)
    with pytest.raises(TokenError, match=r"signed [0-9]+ s ahead of this process's clock.*PostgreSQL's") as refused:
        keys.verifier().task(ahead)
    assert refused.value.reason == "claims"


def test_a_token_ends_also_in_the_cache(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that was good a moment ago is refused once its time is over."""
    verifier, token = keys.verifier(), task_token(keys.signer(), lifetime=60)
    verifier.task(token)
    monkeypatch.setattr("service_kit.tokens.time.time", lambda: time.time_ns() / 1e9 + 91)
    with pytest.raises(TokenError) as refused:
        verifier.task(token)
    assert refused.value.reason == "expired"


def test_a_replaced_key_takes_its_tokens_with_it(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a key leaves the public file, tokens that it signed are refused, remembered ones too."""
    monkeypatch.setattr("service_kit.watched.LOOK_EVERY_SECONDS", 0.0)
    verifier, token = keys.verifier(), task_token(keys.signer())
    verifier.task(token)
    write_keys(keys.private, keys.public)
    with pytest.raises(TokenError) as refused:
        verifier.task(token)
    assert refused.value.reason == "unknown_key"
    assert verifier.task(task_token(keys.signer())).task == TASK


def test_a_private_part_in_the_public_file_is_refused(keys: Keys) -> None:
    """A public file that holds a private key stops the start, naming the key."""
    private = json.loads(keys.private.read_text())
    keys.public.write_text(json.dumps({"keys": [private]}))
    with pytest.raises(ConfigError, match=private["kid"]):
        keys.verifier()


def test_the_private_key_is_its_owners_alone(keys: Keys) -> None:
    """The signing key's file may be read by its owner only."""
    assert keys.private.stat().st_mode & 0o777 == 0o600


def test_keys_turn_without_a_gap(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    """A running signer takes the new key, a running verifier knows it at its first token, and the old until retired."""
    signer, verifier = keys.signer(), keys.verifier()
    before = task_token(signer)
    inodes = [path.stat().st_ino for path in (keys.private, keys.public)]
    new, old = rotate(keys.private, keys.public)
    with pytest.raises(ConfigError, match=f"retire {old} first"):
        rotate(keys.private, keys.public)
    monkeypatch.setattr("service_kit.watched.LOOK_EVERY_SECONDS", 0.0)
    after = task_token(signer)
    assert [jwt.get_unverified_header(token)["kid"] for token in (before, after)] == [old, new]
    monkeypatch.setattr("service_kit.watched.LOOK_EVERY_SECONDS", 60.0)
    assert verifier.task(after).task == verifier.task(before).task == TASK
    for kid, wrong in ((new, "is the signing key"), ("none", f"there are {new}, {old}")):
        with pytest.raises(ConfigError, match=wrong):
            retire(keys.private, keys.public, kid)
    assert old is not None
    retire(keys.private, keys.public, old)
    monkeypatch.setattr("service_kit.watched.LOOK_EVERY_SECONDS", 0.0)
    with pytest.raises(TokenError) as refused:
        verifier.task(before)
    assert refused.value.reason == "unknown_key"
    assert verifier.task(after).task == TASK
    assert inodes == [path.stat().st_ino for path in (keys.private, keys.public)]
    assert keys.private.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("broken", ["private", "half", "gone"])
def test_a_broken_public_file_changes_nothing(keys: Keys, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    """A private part, half a file or none: a running verifier keeps what it knew, and says so in its log."""
    monkeypatch.setattr("service_kit.watched.LOOK_EVERY_SECONDS", 0.0)
    verifier, token = keys.verifier(), task_token(keys.signer())
    whole = keys.public.read_text()
    if broken == "gone":
        keys.public.unlink()
    else:
        private = json.dumps({"keys": [json.loads(keys.private.read_text())]})
        keys.public.write_text(private if broken == "private" else whole[: len(whole) // 2])
    assert verifier.task(token).task == TASK
