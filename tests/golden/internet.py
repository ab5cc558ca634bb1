"""The addresses of the catalog, served on loopback: a proxy that ends TLS itself, with an authority of its own.

Whole processes ask it through http_proxy and https_proxy, so what they print has the addresses that users see.
"""

from __future__ import annotations

import datetime
import ipaddress
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from builder.demo import serve

Trees = Mapping[str, Mapping[str, bytes]]
DAY = datetime.timedelta(days=1)


class Internet:
    """`trees` by URL may change while it runs. `authority` is the PEM file by which its certificates are known."""

    def __init__(self, trees: Trees, folder: Path) -> None:
        self.trees = dict(trees)
        self.folder = folder
        self.authority = folder / "authority.pem"
        self.base = ""
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._made: dict[str, ssl.SSLContext] = {}
        self._making = threading.Lock()
        self.authority.write_bytes(self._certificate("pinboot tests", self._key.public_key(), None))

    def find(self, url: str) -> bytes | None:
        for prefix, tree in self.trees.items():
            inside = url.removeprefix(f"{prefix}/")
            if inside != url and inside in tree:
                return tree[inside]
        return None

    def context(self, host: str) -> ssl.SSLContext:
        with self._making:
            if host not in self._made:
                self._made[host] = self._context(host)
            return self._made[host]

    def _context(self, host: str) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        path = self.folder / f"{host}.pem"
        path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                           serialization.NoEncryption()) + self._certificate(host, key.public_key(), host))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _certificate(self, name: str, key: ec.EllipticCurvePublicKey, host: str | None) -> bytes:
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pinboot tests")])
        now = datetime.datetime.now(datetime.UTC)
        made = (x509.CertificateBuilder().subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
                .issuer_name(issuer).public_key(key).serial_number(x509.random_serial_number())
                .not_valid_before(now - DAY).not_valid_after(now + DAY)
                .add_extension(x509.BasicConstraints(ca=host is None, path_length=None), critical=True)
                .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
                .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False))
        if host is None:
            made = made.add_extension(x509.KeyUsage(
                digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
                data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False), critical=True)
        else:
            made = made.add_extension(x509.SubjectAlternativeName([_name(host)]), critical=False)
        return made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    @contextmanager
    def running(self) -> Iterator[Internet]:
        server = _Server(self)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        self.base = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            server.hang_up()
            thread.join()


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


class _Server(serve._Server):
    def __init__(self, internet: Internet) -> None:
        self.internet = internet
        super().__init__(internet.find)
        self.RequestHandlerClass = _Handler


class _Handler(serve._Handler):
    """A request names a whole URL, or comes through a tunnel that began with CONNECT."""

    server: Any
    tunnel = ""

    def do_CONNECT(self) -> None:
        host = self.path.rpartition(":")[0]
        self.send_response_only(HTTPStatus.OK, "Connection established")
        self.end_headers()
        self.wfile.flush()
        self.connection = self.server.internet.context(host).wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb")
        self.tunnel = f"https://{host}"
        self.close_connection = False

    def _answer(self, *, with_body: bool) -> None:
        if self.tunnel:
            self.path = f"{self.tunnel}{self.path}"
        super()._answer(with_body=with_body)
