"""TLS (N21, N22, N26): checked always, a private authority by option, client certificates for one host alone."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from builder.errors import HostileInput, Missing, UsageError
from builder.fetch.mirrors import Mirrors
from builder.fetch.source import open_source
from builder.fetch.store.objects import Store
from builder.fetch.web import session
from builder.fetch.web.session import Client, Options
from builder.progress import Silent
from tests.tool.tools import need
from tests.unit.faulty import Ask, Behaviour, Faulty, cut, redirect, status, whole
from tests.unit.fetching import AT, BODY, Bench, tls_server


def test_tls_is_checked_and_a_private_authority_is_taken_by_option(certificate: tuple[Path, Path],
                                                                   tmp_path: Path) -> None:
    with tls_server(certificate) as server:
        bench = Bench(server, Store(tmp_path / "store"))
        server.serve(AT, cut(BODY, 1000), whole(BODY))
        with pytest.raises(Missing) as caught:
            bench.fetch()
        assert caught.value.message == (f"{server.url}{AT}: TLS: the certificate of 127.0.0.1 is refused: "
                                        "self-signed certificate")
        assert "clock" in caught.value.hint
        assert "--ca-file" in caught.value.hint
        assert bench.fetch(ca_file=str(certificate[0])) == BODY


def test_an_expired_certificate_is_refused_even_of_a_known_authority(tmp_path: Path) -> None:
    openssl, key, request, cert = need("openssl", "openssl"), tmp_path / "key", tmp_path / "csr", tmp_path / "cert"
    (tmp_path / "ca.cnf").write_text(
        f"[ca]\ndefault_ca=d\n[d]\nnew_certs_dir={tmp_path}\ndatabase={tmp_path}/index\nserial={tmp_path}/serial\n"
        "default_md=sha256\npolicy=p\nx509_extensions=e\n[p]\ncommonName=supplied\n[e]\nsubjectAltName=IP:127.0.0.1\n"
        "basicConstraints=critical,CA:true\n")
    (tmp_path / "index").touch()
    (tmp_path / "serial").write_text("01\n")
    for words in (["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
                   "/CN=pinboot test", "-keyout", key, "-out", request],
                  ["ca", "-batch", "-selfsign", "-config", tmp_path / "ca.cnf", "-keyfile", key, "-in", request, "-out",
                   cert, "-notext", "-startdate", "20200101000000Z", "-enddate", "20200102000000Z"]):
        subprocess.run([openssl, *words], check=True, capture_output=True)
    with tls_server((cert, key)) as server:
        bench = Bench(server, Store(tmp_path / "store"))
        server.serve(AT, whole(BODY))
        with pytest.raises(Missing, match="the certificate of 127.0.0.1 is refused: certificate has expired") as caught:
            bench.fetch(ca_file=str(cert))
    assert "clock" in caught.value.hint and server.log == []


def test_a_certificate_for_another_name_is_refused(certificate: tuple[Path, Path], tmp_path: Path) -> None:
    with tls_server(certificate) as server:
        source = open_source(f"https://localhost:{server.port}/9", store=Store(tmp_path), progress=Silent(),
                             options=Options(ca_file=str(certificate[0]), pause=lambda seconds: None))
        with pytest.raises(Missing, match="the certificate of localhost is refused: Hostname mismatch"):
            source.read(".treeinfo", 100)


def test_a_redirect_from_https_to_http_is_refused(certificate: tuple[Path, Path], bench: Bench, tmp_path: Path) -> None:
    with tls_server(certificate) as secure:
        secure.serve(AT, redirect(bench.server.serve(AT, whole(BODY))))
        with pytest.raises(HostileInput, match="from https to plain http"):
            Bench(secure, Store(tmp_path / "other")).fetch(ca_file=str(certificate[0]))
    assert bench.server.log == []


def test_a_ca_file_that_is_not_there_is_a_usage_error(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such CA file"):
        bench.source(ca_file=str(tmp_path / "none.pem"))


# Client certificates


@dataclass
class Presented:
    """What a server that asks for certificates got to see, request by request."""

    server: Faulty
    seen: list[bool]

    def serves(self, path: str, behaviour: Behaviour) -> str:
        def behave(ask: Ask, connection: socket.socket) -> bool:
            assert isinstance(connection, ssl.SSLSocket)
            self.seen.append(bool(connection.getpeercert(binary_form=True)))
            return behaviour(ask, connection)

        return self.server.serve(path, behave)


@contextlib.contextmanager
def asking(certificate: tuple[Path, Path], mode: ssl.VerifyMode = ssl.CERT_OPTIONAL) -> Iterator[Presented]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    context.load_verify_locations(certificate[0])
    context.verify_mode = mode
    with Faulty(tls=context) as server:
        yield Presented(server, [])


def client_of(url: str, certificate: tuple[Path, Path]) -> dict[str, Any]:
    client = Client(origin=session.origin(url), certificate=str(certificate[0]), key=str(certificate[1]))
    return {"client": client, "ca_file": str(certificate[0])}


@pytest.mark.parametrize("mode", [ssl.CERT_OPTIONAL, ssl.CERT_REQUIRED])
def test_a_client_certificate_is_shown_to_the_host_of_the_tree(certificate: tuple[Path, Path], tmp_path: Path,
                                                              mode: ssl.VerifyMode) -> None:
    with asking(certificate, mode) as own:
        own.serves(AT, whole(BODY))
        bench = Bench(own.server, Store(tmp_path))
        assert bench.fetch(**client_of(own.server.url, certificate)) == BODY
        assert own.seen == [True]


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_client_certificate_never_follows_a_redirect_to_another_origin(certificate: tuple[Path, Path], tmp_path: Path,
                                                                        code: int) -> None:
    with asking(certificate) as own, asking(certificate) as other:
        target = other.serves("/pool/vmlinuz", whole(BODY))
        own.serves(AT, redirect(target, code))
        own.serves("/9/.treeinfo", redirect("/9/again", code))
        own.serves("/9/again", whole(b"[general]"))
        bench = Bench(own.server, Store(tmp_path))
        options = client_of(own.server.url, certificate)
        assert bench.fetch(**options) == BODY
        assert bench.source(**options).read(".treeinfo", 100) == b"[general]"
        assert other.seen == [False]
        assert own.seen == [True] * 3


def test_another_mirror_of_the_same_session_never_sees_the_certificate(certificate: tuple[Path, Path],
                                                                      tmp_path: Path) -> None:
    with asking(certificate) as own, asking(certificate) as other:
        own.serves("/9/.treeinfo", status(503))
        other.serves("/9/.treeinfo", whole(b"[general]"))
        options = Options(tries=1, **client_of(own.server.url, certificate))
        pool = Mirrors([open_source(f"{each.server.url}/9", store=Store(tmp_path), progress=Silent(), options=options)
                        for each in (own, other)], progress=Silent())
        assert pool.read(".treeinfo", 100) == b"[general]"
        assert (own.seen, other.seen) == ([True], [False])


def test_without_its_certificate_a_server_that_demands_one_is_an_error_and_no_hang(certificate: tuple[Path, Path],
                                                                                  tmp_path: Path) -> None:
    with asking(certificate, ssl.CERT_REQUIRED) as own:
        own.serves(AT, whole(BODY))
        with pytest.raises(Missing) as caught:
            Bench(own.server, Store(tmp_path)).fetch(ca_file=str(certificate[0]), tries=1)
        assert own.server.url in caught.value.message
        assert own.seen == []


def test_a_certificate_and_a_key_that_are_no_pair_are_refused_before_any_request(certificate: tuple[Path, Path],
                                                                                tmp_path: Path) -> None:
    openssl = need("openssl", "openssl")
    other, locked, junk = tmp_path / "other.pem", tmp_path / "locked.pem", tmp_path / "junk.pem"
    subprocess.run([openssl, "genpkey", "-algorithm", "ed25519", "-out", other], check=True, capture_output=True)
    subprocess.run([openssl, "pkey", "-in", certificate[1], "-aes256", "-passout", "pass:x", "-out", locked], check=True,
                   capture_output=True)
    junk.write_text("junk")
    for key, said in ((other, "are no pair"), (locked, "locked with a pass phrase"), (junk, "are no PEM"),
                      (tmp_path / "none", "cannot be read: No such file")):
        with pytest.raises(UsageError, match=said):
            session.Session(Options(**client_of("https://mirror.example", (certificate[0], key))))


def test_the_same_origin_is_known_however_it_is_written() -> None:
    same = {session.origin(url) for url in ("https://Mirror.Example/9", "https://mirror.example:443", "https://mirror.example/")}
    assert len(same) == 1
    others = {session.origin(url) for url in ("http://mirror.example", "https://mirror.example:8443", "https://a.mirror.example",
                                              "https://mirror.example.evil.example")}
    assert len(others) == 4
    assert not same & others
