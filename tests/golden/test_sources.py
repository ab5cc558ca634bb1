"""Whole commands on every kind of source: images, several downloads at once, client certificates, what is refused."""

import contextlib
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from builder.cli import context
from builder.cli.options.parse import parse
from builder.demo import serve, tree
from builder.fetch import parallel
from builder.fetch.web import session
from tests.golden.bench import MIRROR, pinboot
from tests.golden.conftest import CENTOS, CENTOS_PROFILE, KEY, ROCKY, ROCKY_PROFILE
from tests.golden.test_terminal import in_terminal
from tests.tool.tools import need
from tests.unit import faulty
from tests.unit.test_iso_source import dvd9, make_iso

BASEOS = f"{ROCKY}/BaseOS/x86_64/os"
INSTALL = 'install_url = "http://10.0.0.5/tree"'


def profile(text, name="x.toml", **changes):
    for before, after in changes.values():
        assert before in text
        text = text.replace(before, after)
    Path(name).write_text(text)
    return name


def of_iso(text, url, *more):
    return profile(text, url=(f'url = "{url}"', "\n".join(['iso = "dvd.iso"', *more])))


def without_key_addresses():
    """rocky.toml of a family whose keys have no address of their own: nothing but the mirror is asked."""
    Path("families.toml").write_text('[rocky.series.9]\ngeneration = "el9"\n')
    profile('catalog = ["families.toml"]\n' + ROCKY_PROFILE, "rocky.toml")


# Images


@pytest.mark.parametrize("family", ["centos", "rocky"])
def test_a_dvd_is_checked_locked_and_built_like_a_mirror(work, mirror, trees, family):
    text, url, files = {"centos": (CENTOS_PROFILE, CENTOS, trees["centos"]),
                        "rocky": (ROCKY_PROFILE, BASEOS, dvd9(trees["rocky"]))}[family]
    make_iso(files, Path("dvd.iso"))
    name = of_iso(text, url, INSTALL)
    checked = pinboot("check", name)
    assert checked.code == 0, checked.out + checked.err
    assert pinboot("build", name).code == 0
    lock = Path("x.lock").read_text()
    assert f'source = "file://{work}/dvd.iso"' in lock
    assert pinboot("lock", name).code == 0 and "as locked" in pinboot("lock", name).out
    assert pinboot("verify", "out/x").code == 0 and mirror.asked == []
    assert "inst.repo=http://10.0.0.5/tree" in Path("out/x/hosts/web1/cmdline").read_text()


def test_an_image_pins_the_same_bytes_as_the_tree_that_it_was_made_from(work, mirror, trees):
    make_iso(trees["centos"], Path("dvd.iso"))
    assert pinboot("lock", of_iso(CENTOS_PROFILE, CENTOS, INSTALL)).code == 0
    assert pinboot("lock", "centos.toml").code == 0
    ours, theirs = Path("x.lock").read_text(), Path("centos.lock").read_text()
    assert ours == theirs.replace(CENTOS, f"file://{work}/dvd.iso")


def test_a_changed_image_is_drift_and_a_lost_one_does_not_stop_a_build_from_the_store(work, mirror, trees):
    make_iso(trees["centos"], Path("dvd.iso"))
    name = of_iso(CENTOS_PROFILE, CENTOS, INSTALL)
    assert pinboot("lock", name).code == 0
    before = Path("x.lock").read_bytes()
    make_iso(tree.centos7(seed="other"), Path("dvd.iso"))
    drift = pinboot("lock", name)
    assert drift.code == 3 and "is not what was locked" in drift.err and Path("x.lock").read_bytes() == before
    Path("dvd.iso").unlink()
    assert pinboot("build", name, "--offline").code == 0
    gone = pinboot("check", name)
    assert gone.code == 5 and "dvd.iso: no such file" in gone.err and mirror.asked == []


def test_a_build_from_an_image_wants_an_address_for_the_guests(work, mirror, trees):
    make_iso(trees["centos"], Path("dvd.iso"))
    ran = pinboot("build", of_iso(CENTOS_PROFILE, CENTOS))
    assert ran.code == 2 and "tree.install_url: missing" in ran.err and "hint:" in ran.err


def test_a_boot_iso_is_told_from_a_dvd(work, mirror, trees):
    files = {path: data for path, data in trees["centos"].items() if not path.startswith("repodata/")}
    make_iso(files, Path("dvd.iso"))
    ran = pinboot("check", of_iso(CENTOS_PROFILE, CENTOS, INSTALL))
    said = " ".join(ran.out.split())
    assert ran.code == 1 and "repository is not there" in said and "take the DVD image" in said
    make_iso({"isolinux/isolinux.cfg": b"default"}, Path("dvd.iso"))
    bare = pinboot("check", "x.toml")
    assert bare.code == 5 and "no such file in the image" in bare.err and "take the DVD image" in " ".join(
        bare.err.split()) and mirror.asked == []


@pytest.mark.parametrize("data", [b"", b"not an image", b"\0" * 80_000, None], ids=["empty", "text", "zeros", "cut"])
def test_a_hostile_image_is_an_error_without_a_traceback_and_without_a_lock(work, mirror, trees, data):
    make_iso(trees["centos"], Path("dvd.iso"))
    whole = Path("dvd.iso").read_bytes()
    Path("dvd.iso").write_bytes(whole[: len(whole) // 2] if data is None else data)
    for command in ("check", "lock", "build"):
        ran = pinboot(command, of_iso(CENTOS_PROFILE, CENTOS, INSTALL))
        assert ran.code == 1 and "dvd.iso: " in ran.err and "hint:" in ran.err and "Traceback" not in ran.err
    assert sorted(p.name for p in work.iterdir()) == ["centos.toml", "dvd.iso", "rocky.toml", "x.toml"]


@pytest.mark.parametrize(("lines", "said"), [
    ('iso = "dvd.iso"\nurl = "http://mirror.example/x"', "no other address of tree goes with it"),
    ('iso = "dvd.iso"\nmirrors = ["http://mirror.example/x"]', "no other address of tree goes with it"),
    ('iso = "."', "is no file; name an ISO image"),
    ('iso = "~nobody-of-this-name/x.iso"', "no such user"),
    ('url = "ftp://mirror.example/x"', "ftp is not fetched; most mirrors serve the same tree by https"),
    ('url = "https://mirror.example/x"\nclient_key = "k.pem"', "without tree.client_cert"),
    ('url = "http://mirror.example/x"\nclient_cert = "pair.pem"', "goes with an https tree.url"),
    ('url = "https://mirror.example/x"\nclient_cert = "none.pem"', "No such file"),
    ('url = "https://mirror.example/x"\nclient_cert = "pair.pem"', "can be read by others (mode 0644); chmod 600"),
    ('url = "https://mirror.example/x"\nclient_cert = "pair.pem"\nclient_key = "pair.pem"', "chmod 600"),
])
def test_a_source_that_cannot_be_is_refused_with_its_line(work, mirror, lines, said):
    Path("pair.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    Path("pair.pem").chmod(0o644)
    ran = pinboot("check", profile(CENTOS_PROFILE, url=(f'url = "{CENTOS}"', lines)))
    assert ran.code == 2 and said in ran.err and "line " in ran.err and mirror.asked == []


# Several at once


@pytest.mark.parametrize("name", ["centos.toml", "rocky.toml"])
def test_downloads_at_once_give_the_lock_and_report_of_one_after_the_other(work, mirror, name, monkeypatch):
    without_key_addresses()

    def everything(store):
        report = pinboot("check", name, "--store", store, "--json").out
        ran = pinboot("lock", name, "--store", store)
        lock = Path(name).with_suffix(".lock")
        text = lock.read_bytes()
        lock.unlink()
        return report, ran, text

    at_once = everything("a")
    monkeypatch.setattr(parallel, "fetch_all", lambda jobs: [parallel._outcome(job) for job in jobs])
    assert everything("b") == at_once
    objects = [sorted(p.name for p in Path(s, "objects").rglob("*") if p.is_file()) for s in ("a", "b")]
    assert objects[0] == objects[1]


def test_every_error_is_told_in_the_order_of_the_roles_whichever_came_first(work, mirror):
    without_key_addresses()
    files = mirror.trees[ROCKY]
    for path in (tree.KERNEL, tree.INITRD, "images/install.img"):
        files[f"{tree.BASEOS}/{path}"] = tree.tampered(files[f"{tree.BASEOS}/{path}"])
    said = {pinboot("lock", "rocky.toml").err for _ in range(3)}
    assert len(said) == 1
    places = [said.copy().pop().index(f"{each} is not what") for each in (tree.KERNEL, tree.INITRD, "install.img")]
    assert places == sorted(places)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_stalled_downloads_within_two_seconds_and_leaves_nothing(work, trees, number, code):
    """Small files come; the three images stall in the middle, each on a connection of its own."""
    files, stalled, enough = trees["centos"], [], threading.Event()

    def talk(connection):
        stream = connection.makefile("rb")
        while line := stream.readline():
            path = line.split()[1].decode().removeprefix("/tree/")
            while stream.readline() not in (b"\r\n", b""):
                pass
            body = files.get(path)
            if body is None:
                connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            elif path.startswith(("images/", "LiveOS/")):
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body[:1000])
                stalled.append(path)
                if len(stalled) == 3:
                    enough.set()
                return held.append(connection)
            else:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        return None

    held = []

    def accept():
        while True:
            try:
                connection = server.accept()[0]
            except OSError:
                return
            threading.Thread(target=talk, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=accept, daemon=True).start()
        address = f"http://127.0.0.1:{server.getsockname()[1]}/tree"
        profile(CENTOS_PROFILE, url=(CENTOS, address))
        process = subprocess.Popen([sys.executable, "-m", "builder.cli", "lock", "x.toml", "--store", "store"], cwd=work,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   env={k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")})
        assert enough.wait(20), process.communicate(timeout=5)
        time.sleep(0.3)
        started = time.monotonic()
        process.send_signal(number)
        _, err = process.communicate(timeout=10)
        assert time.monotonic() - started < 2
    assert process.returncode == code and "run the same command again" in err and "Traceback" not in err
    assert not Path("x.lock").exists()
    assert not [p for p in Path("store/tmp").rglob("*") if p.is_file()]


# Options


def test_plain_http_is_warned_of_where_nothing_is_pinned_yet(work, mirror):
    ran = pinboot("check", "centos.toml")
    assert "plain http: whoever is on the way can change what comes" in " ".join(ran.out.split())


def test_the_low_speed_is_a_whole_number_and_reaches_every_source(work, mirror):
    chosen = parse(["check", "centos.toml", "--low-speed", "5000", "--read-timeout", "7"])
    with contextlib.ExitStack() as chosen.at_end:
        made = context.make(chosen)
        assert (made.network.slow_floor, made.network.read_timeout) == (5000.0, 7.0)
    ran = pinboot("check", "centos.toml", "--low-speed", "fast")
    assert ran.code == 2 and "'fast' is no whole number of bytes a second" in ran.err
    assert pinboot("check", "centos.toml", "--low-speed", "0").code == 0


def test_where_image_and_certificates_lie_changes_no_byte_of_a_bundle(work, mirror, trees):
    text = profile(CENTOS_PROFILE, url=(f'url = "{CENTOS}"', 'iso = "a/dvd.iso"\n' + INSTALL))
    Path("a").mkdir()
    make_iso(trees["centos"], Path("a/dvd.iso"))
    assert pinboot("build", text, "-o", "first").code == 0
    first = json.loads(Path("first/manifest.json").read_text())["inputs"]
    elsewhere = Path("elsewhere")
    elsewhere.mkdir()
    for name in ("x.toml", "x.lock"):
        (elsewhere / name).write_bytes(Path(name).read_bytes())
    os.chdir(elsewhere)
    assert pinboot("build", "x.toml", "-o", "second", "--offline").code == 0
    assert json.loads(Path("second/manifest.json").read_text())["inputs"] == first
    assert MIRROR not in Path("second/manifest.json").read_text()


def test_a_tree_behind_a_client_certificate_is_locked_and_the_certificate_leaves_no_trace(work, trees, monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    Path("tls").mkdir()
    cert, key = Path("tls/entitled-cert.pem"), Path("tls/entitled-key.pem")
    subprocess.run([need("openssl", "openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                    "-nodes", "-days", "2", "-subj", "/CN=pinboot test", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-keyout", key, "-out", cert], check=True, capture_output=True)
    key.chmod(0o600)
    demanding = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    demanding.load_cert_chain(cert, key)
    demanding.load_verify_locations(cert)
    demanding.verify_mode = ssl.CERT_REQUIRED
    with faulty.Faulty(tls=demanding) as server:
        for path, data in trees["rocky"].items():
            server.serve(f"/9/{path}", faulty.whole(data))
        lines = f'url = "{server.url}/9/BaseOS/x86_64/os"\nclient_cert = "{cert}"\nclient_key = "{key}"'
        name = profile(ROCKY_PROFILE, url=(f'url = "{BASEOS}"', lines))
        ran = pinboot("build", name, "--ca-file", cert)
        assert ran.code == 0, ran.err
        key.chmod(0o640)
        refused = pinboot("check", name, "--ca-file", cert)
        assert refused.code == 2 and "can be read by others (mode 0640)" in refused.err
    key.chmod(0o600)
    key.write_text("junk")
    session.shared.cache_clear()  # as in a process of its own
    broken = pinboot("check", name, "--ca-file", cert)
    assert broken.code == 2 and "are no PEM certificate and key" in broken.err
    written = [Path("x.lock"), *(p for p in Path("out/x").rglob("*") if p.is_file())]
    written = [p for p in written if p.name != "x.toml"]  # the profile itself may go along, and names its files
    assert not [p for p in written if b"BEGIN PRIVATE" in p.read_bytes() or str(work).encode() in p.read_bytes()]


def test_a_tree_at_an_ipv6_address_is_locked_and_stands_in_brackets_everywhere(work, trees, monkeypatch):
    for name in ("http_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    try:
        running = faulty.Faulty(host="::1")
    except OSError as reason:
        pytest.skip(f"no IPv6 on loopback: {reason}")
    with running as server:
        for path, data in trees["centos"].items():
            server.serve(f"/tree/{path}", faulty.whole(data))
        name = profile(CENTOS_PROFILE, url=(CENTOS, f"http://[0:0::1]:{server.port}/tree"),
                       address=("192.168.1.22/24", "2001:db8::22/64"), gateway=("192.168.1.1", "2001:db8::1"),
                       server=("8.8.8.8", "2001:db8::53"))
        ran = pinboot("build", name)
        assert ran.code == 0, ran.err
    address = f"http://[::1]:{server.port}/tree"
    assert f'source = "{address}"' in Path("x.lock").read_text()
    assert f"inst.repo={address}" in Path("out/x/hosts/web1/cmdline").read_text()
    assert f"url --url={address}" in Path("out/x/hosts/web1/ks.cfg").read_text().replace('"', "").replace("'", "")


def test_several_files_at_once_have_a_line_each_on_a_terminal_and_leave_none(work, trees):
    together = threading.Barrier(3)  # each bar is drawn before its file is asked for

    class Slow(dict):
        def __getitem__(self, path):
            if path.startswith(("images/", "LiveOS/")):
                together.wait(20)
            return super().__getitem__(path)

    with serve.serve({"tree": Slow(trees["centos"])}) as address:
        profile(CENTOS_PROFILE, url=(CENTOS, f"{address}/tree"))
        code, out, seen = in_terminal(["lock", "x.toml"], work)
    assert code == 0 and "x.lock written" in out
    assert all(name in seen for name in ("images/pxeboot/vmlinuz", "images/pxeboot/initrd.img", "LiveOS/squashfs.img"))
    most, last = screens(seen)
    assert most == 3, "three bars at one moment"
    assert not [line for line in last if "%|" in line or "B/s" in line]
    assert [line for line in last if line.startswith("Next: pinboot build")]


def screens(seen):
    """The most bars that were on the screen at one moment, and the lines that are there at the end."""
    screen, row, column, most = [[" "] * 80 for _ in range(60)], 0, 0, 0
    for part in re.findall(r"\x1b\[[0-9;]*[A-Za-z]|.", seen, re.DOTALL):
        if part == "\x1b[A":
            row = max(0, row - 1)
        elif part == "\r":
            column = 0
        elif part == "\n":
            row += 1
        elif len(part) == 1 and column < 80:
            screen[row][column] = part
            column += 1
        if part in ("\r", "\n", "\x1b[A"):
            most = max(most, sum("B/s" in "".join(line) for line in screen))
    return most, ["".join(line).rstrip() for line in screen if "".join(line).strip()]


def test_a_family_without_public_trees_asks_for_one(work, mirror):
    Path("x.toml").write_text(f'release = "rhel-9"\nroot = {{ ssh_keys = ["{KEY}"] }}\n'
                              '[host.web1]\ndisk = { size = "20 GiB" }\n')
    ran = pinboot("check", "x.toml")
    assert ran.code == 2 and "tree.url: missing; Red Hat Enterprise Linux has no public install tree" in ran.err
    assert "tree.iso" in ran.err and mirror.asked == []
