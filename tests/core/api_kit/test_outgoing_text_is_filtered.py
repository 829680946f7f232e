"""What a task writes holds no secret, shows no image from elsewhere and calls nobody that the grant does not name."""

import base64
import json
import secrets
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import jwt
import pytest
from agent_contracts import Budget, Grant
from api_kit import markdown
from api_kit.egress_filter import filter_text, secret_in
from api_kit.errors import Refusal
from api_kit.markdown_sanitizer import Allowed, Quieted
from hypothesis import given
from hypothesis import strategies as st
from service_kit.keys import write_keys
from service_kit.token_pieces import PIECE, hash_signature
from service_kit.tokens import Signer

RUN: dict[str, Any] = {"task": uuid4(), "attempt": 1, "tenant": "default", "lifetime_seconds": 60}
with TemporaryDirectory() as folder:
    write_keys(Path(folder, "key.json"), Path(folder, "jwks.json"))
    SIGNER = Signer(Path(folder, "key.json"))
    TOKEN = SIGNER.task_token(vendor="github", audience=["github-mcp"], grant=Grant(tools=["issue_read"]), **RUN)
    MODEL_TOKEN = SIGNER.model_token(models=["m"], budget=Budget(), skill="sample", **RUN)
SIGNATURE = MODEL_TOKEN.rpartition(".")[2]
PAYLOAD = json.dumps(jwt.decode(MODEL_TOKEN, options={"verify_signature": False}))
NONE = Allowed((), lambda name: False)


KNOWN = [hash_signature(MODEL_TOKEN)]


def filtered(body: Any, *beside: str) -> Quieted:
    """Filter a body, or a comment."""
    body = {"body": body} if isinstance(body, str) else body
    texts = {"body": markdown}
    return filter_text(body, texts=texts, token=TOKEN, signatures=KNOWN, beside=beside, allowed=NONE)


def text_of(found: Quieted) -> str:
    """Give what is sent."""
    assert isinstance(found.value, dict)
    return str(found.value["body"])


HALF = len(TOKEN) // 2
FORMS = {
    "whole": TOKEN,
    "first half": TOKEN[:HALF],
    "second half": TOKEN[HALF:],
    "a piece": TOKEN[200 : 200 + PIECE + 4],
    "spaced": " ".join(TOKEN[100:160]),
    "lines": "\n".join(TOKEN[start : start + 5] for start in range(100, 200, 5)),
    "zero-width": "\u200b".join(TOKEN[100:160]),
    "wide letters": "".join(chr(ord(c) + 0xFEE0) if c.isalnum() else c for c in TOKEN[100:160]),
    "upper case": TOKEN[100:160].upper(),
    "reversed": TOKEN[::-1],
    "base64": base64.b64encode(TOKEN.encode()).decode(),
    "base64 of a piece": base64.b64encode(TOKEN[101:161].encode()).decode(),
    "hex": TOKEN[100:140].encode().hex(),
    "in a link": f"https://192.0.2.1/?q={TOKEN[100:160]}",
    "dotted": ".".join(TOKEN[start : start + 8] for start in range(100, 200, 8)),
    "in code": f"```\n{TOKEN[100:160]}\n```",
    "underlined": "_".join(TOKEN[100:160]),
    "with accents": "\u0301".join(TOKEN[100:160]),
    "as entities": "".join(f"&#{ord(character)};" for character in TOKEN[100:160]),
    "between entities": "&shy;".join(TOKEN[100:160]),
    "as entities with zeros": "".join(f"&#{ord(character):08d};" for character in TOKEN[100:160]),
    "behind an entity of many digits": f"&#{'1' * 5000};{TOKEN[100:160]}",
    "between tags": "<b></b>".join(TOKEN[100:160]),
    "between comments": "<!-- x -->".join(TOKEN[100:160]),
    "the model's token": MODEL_TOKEN,
    "half of the model's token": MODEL_TOKEN[: len(MODEL_TOKEN) // 2],
    "the other half of it": MODEL_TOKEN[len(MODEL_TOKEN) // 2 :],
    "its signature": SIGNATURE,
    "its signature in pieces": " and ".join(SIGNATURE[start : start + 21] for start in range(0, 84, 21)),
    "its signature in blanks": "\n".join(SIGNATURE[start : start + 3] for start in range(0, 84, 3)),
    "its signature reversed": SIGNATURE[::-1][:30],
    "its signature in base64": base64.b64encode(f"it is {SIGNATURE[:30]}".encode()).decode(),
    "its signature in hex": ":".join(f"{ord(one):02X}" for one in SIGNATURE[:30]),
    "its signature in escapes": "".join(f"\\u{ord(one):04x}" for one in SIGNATURE[:30]),
    "its payload as JSON": PAYLOAD,
    "its payload in lines": json.dumps(json.loads(PAYLOAD), indent=2, sort_keys=True),
    "its payload in base64 anew": base64.b64encode(f" {PAYLOAD}".encode()).decode(),
    "its payload in hex": PAYLOAD.encode().hex(),
    "the id of its own token": json.dumps({"jti": jwt.decode(TOKEN, options={"verify_signature": False})["jti"]}),
    "a GitHub token in base64": base64.b64encode(f"key: ghp_{'a1B2' * 9}".encode()).decode(),
    "a GitHub token": "ghp_" + "a1B2" * 9,
    "a GitHub token in pieces": "ghp_a1B2a1B2a1 B2a1B2a1B2a1 B2a1B2a1B2",
    "a GitHub token as entities": "&#103;hp&lowbar;" + "a1&#66;2" * 9,
    "a GitHub token with an escape": "ghp\\_" + "a1B2" * 9,
    "an Anthropic key": "sk-ant-api03-" + secrets.token_urlsafe(40),
    "a key file": "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----",
    "a random key": secrets.token_urlsafe(48),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("field", ["body", "title", "labels"])
def test_secrets_are_refused(form: str, field: str) -> None:
    """Wherever it stands and however it is dressed, a secret is refused, and not repeated in the refusal."""
    value: Any = [f"x {FORMS[form]} y"] if field == "labels" else f"Hello\n{FORMS[form]}\nthere"
    with pytest.raises(Refusal) as refused:
        filtered({"body": "x", field: value})
    assert refused.value.reason == "secret"
    assert FORMS[form][:PIECE] not in json.dumps(refused.value.message)


def test_what_is_sent_beside_the_body_is_filtered() -> None:
    """A secret is refused in a path too, and in pieces that stand in several fields."""
    with pytest.raises(Refusal):
        filtered("x", f"/repos/o/r/labels/{TOKEN[100:130]}")
    with pytest.raises(Refusal):
        filtered({"labels": [SIGNATURE[start : start + 9] for start in range(0, 81, 9)]})


@pytest.mark.parametrize(
    "text",
    [
        "Fixed in 1b2c3d4e5f60718293a4b5c6d7e8f9012345678a, src/main/java/org/example/LongFactoryBeanName.java",
        "`AbstractSingletonProxyFactoryBeanConfigurationSupportTest` fails with java.lang.NullPointerException",
        "sha512-Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4QWERTYUIOPasdfghjkl1234567890==",
        "the id is 01890a5d-ac96-774b-bcce-b302099a8057, the key type is token, the header is Authorization: Bearer",
        "https://github.com/octocat/hello-world/actions/runs/1234567890/job/9876543210#step:4:12",
        "very_long_snake_case_identifier_of_a_test_that_says_what_it_does_in_full_2",
        "The disk-usage of this container grows without any bound until it is killed",
        "`task-runner-integration-with-very-long-names` and the flask-migrations that nobody has looked at since",
        "Open http://localhost:8000 and log in as <b>admin</b>, or write to admin@localhost",
        "The labs_of_the_project_and_their_members_are_listed there",
        "x" * 500,
        "The issuer in iss is agent-engine; see `ISSUER`, and the task 01890a5d-ac96-774b-bcce-b302099a8057",
        "".join(f"{code:02x} " for code in range(256)),
    ],
)
def test_ordinary_text_passes(text: str) -> None:
    """Hashes, ids, paths, addresses and long names are no secrets."""
    assert filtered(text) == Quieted({"body": text})


@given(st.text(max_size=300))
def test_no_text_breaks_it(text: str) -> None:
    """Any text is either refused or sent, and filtering what is sent changes nothing more."""
    if secret_in(text, TOKEN, KNOWN) is None:
        once = text_of(filtered(text))
        assert text_of(filtered(once)) == once


def test_what_was_changed_is_told() -> None:
    """The caller hears what became of its text."""
    assert filtered("![a](https://evil.example/x) @octocat @hubot").changes == "images=1, mentions=2"
    assert filtered("Hello").changes == ""
