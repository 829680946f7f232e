"""Over https a server is trusted only by its certificate, whatever the client's own base URL is."""

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from service_kit import http
from service_kit.errors import UpstreamUnreachable
from service_kit.http import HttpClient

REPLY = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of 127.0.0.1 that nobody but itself has signed, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "server.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + made.public_bytes(Encoding.PEM))
    return path


@pytest.fixture
async def secure(certificate: Path) -> AsyncIterator[str]:
    """The address of a server with that certificate."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(REPLY)
        await writer.drain()
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.fixture(autouse=True)
def read_anew() -> Iterator[None]:
    """Have trusted certificates read for this test, and again after it."""
    http._certificates.cache_clear()
    yield
    http._certificates.cache_clear()


async def ask(address: str, base_url: str, *, elsewhere: bool = False) -> int:
    """Ask an https address through a client of some base URL."""
    async with HttpClient(base_url=base_url, retries=0, elsewhere=elsewhere) as client:
        return (await client.request("GET", f"{address}/")).status


async def test_who_is_not_trusted_is_not_asked(secure: str) -> None:
    """Without a trusted certificate there is no connection."""
    with pytest.raises(UpstreamUnreachable, match="CERTIFICATE_VERIFY_FAILED") as refused:
        await ask(secure, secure)
    assert refused.value.cause == "its TLS certificate is not trusted: self-signed certificate"


async def test_the_operator_says_who_is_trusted(
    secure: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SSL_CERT_FILE is trusted over https; a client that was made for plain http trusts no certificate even so."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert [await ask(secure, base) for base in (secure, secure.upper(), "")] == [200, 200, 200]
    with pytest.raises(UpstreamUnreachable, match="CERTIFICATE_VERIFY_FAILED"):
        await ask(secure, "http://127.0.0.1:9")


async def test_a_client_of_http_asks_hosts_of_https_where_it_is_told_to(
    secure: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that is made for other hosts too checks their certificates by SSL_CERT_FILE."""
    with pytest.raises(UpstreamUnreachable, match="CERTIFICATE_VERIFY_FAILED"):
        await ask(secure, "http://127.0.0.1:9", elsewhere=True)
    http._certificates.cache_clear()
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert await ask(secure, "http://127.0.0.1:9", elsewhere=True) == 200
