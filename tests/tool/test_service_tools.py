"""What serves a bundle, judged by the servers themselves: dnsmasq, Kea and nginx take what is rendered, and answer
clients of each kind as was meant."""

import grp
import ipaddress
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from builder.outputs.services import dnsmasq, kea, nginx, token
from builder.outputs.services.dhcp import Loaders
from tests.tool import dhcp as lab
from tests.tool.tools import need
from tests.unit.hostile import HOSTILE, ODD
from tests.unit.serving import boot, dhcp, served
from tests.unit.test_deploy_sh import TOKEN as DEPLOYED
from tests.unit.test_deploy_sh import Server

pytestmark = pytest.mark.tool
ONE, OTHER_CARD, BIOS, ARM, STRANGER = (f"52:54:00:00:00:{n:02x}" for n in (1, 2, 3, 4, 9))
BOOTS = (boot("c0001", 1, macs=(ONE, OTHER_CARD)),
         boot("ignore", 3, folder="centos-7.9.2009-x86_64", firmware="bios"),
         boot("arm", 4, folder="alma-9.6-aarch64", arch="aarch64"))
ROCKY, ROOT = "rocky-9.6-x86_64", "http://10.20.0.5"
# Who asks, and the address, next server and file that it is to get.
ANSWERS = [
    (lab.pxe(ONE, 0), "10.20.1.1", "bios/pxelinux.0"),
    (lab.pxe(ONE, 6), "10.20.1.1", ""),
    (lab.pxe(ONE, 7), "10.20.1.1", f"{ROCKY}/shimx64.efi"),
    (lab.pxe(OTHER_CARD, 9), "10.20.1.1", f"{ROCKY}/shimx64.efi"),
    (lab.http(ONE, 15), "10.20.1.1", ""),
    (lab.http(ONE, 16), "10.20.1.1", f"{ROOT}/{ROCKY}/shimx64.efi"),
    (lab.pxe(ONE, 0, ipxe=True), "10.20.1.1", f"{ROOT}/boot.ipxe"),
    (lab.pxe(OTHER_CARD, 7, ipxe=True), "10.20.1.1", f"{ROOT}/boot.ipxe"),
    (lab.Client(ONE), "10.20.1.1", ""),
    (lab.pxe(BIOS, 0), "10.20.1.3", "bios/pxelinux.0"),
    (lab.pxe(BIOS, 7), "10.20.1.3", ""),
    (lab.pxe(BIOS, 7, ipxe=True), "10.20.1.3", f"{ROOT}/boot.ipxe"),
    (lab.pxe(ARM, 11), "10.20.1.4", "alma-9.6-aarch64/shimaa64.efi"),
    (lab.http(ARM, 19), "10.20.1.4", f"{ROOT}/alma-9.6-aarch64/shimaa64.efi"),
    (lab.pxe(STRANGER, 7), None, None),
]


def run_dnsmasq(folder, text):
    config = folder / "dnsmasq.conf"
    config.write_text(text)
    return [need("dnsmasq", "dnsmasq-base"), "-C", str(config), "--no-daemon", f"--dhcp-leasefile={folder}/leases",
            f"--log-facility={folder}/log"]


def run_kea(folder, text):
    settings = json.loads(text)
    settings["Dhcp4"]["lease-database"]["persist"] = False  # no files beyond this folder
    config = folder / "kea.json"
    config.write_text(json.dumps(settings))
    return ["env", "KEA_LOCKFILE_DIR=none", f"KEA_PIDFILE_DIR={folder}", need("kea-dhcp4", "kea-dhcp4-server"), "-c", str(config)]


@pytest.mark.parametrize("server", [dnsmasq, kea], ids=["dnsmasq", "kea"])
def test_each_kind_of_firmware_is_offered_its_address_and_its_file(tmp_path, server):
    text = server.config(BOOTS, served(), dhcp(interface=lab.SERVER_END)).text
    command = (run_dnsmasq if server is dnsmasq else run_kea)(tmp_path, text)
    offers = lab.ask(command, [client for client, *_ in ANSWERS])
    assert [(each.address, each.file) if each else (None, None) for each in offers] == [
        (address, file) for _, address, file in ANSWERS]
    for (client, *_), offer in zip(ANSWERS, offers, strict=True):
        if offer is None:
            continue
        if offer.file and not offer.file.startswith("http"):
            assert offer.server == "10.20.0.5"
        assert (offer.options.get(60) == b"HTTPClient") is (client.vendor.startswith("HTTP") and bool(offer.file))
        assert offer.options[1] == b"\xff\xff\0\0" and offer.options[3] == bytes([10, 20, 0, 1])
        assert offer.options[6] == bytes([10, 20, 0, 2, 10, 20, 0, 3])
        assert offer.options[51] == (3600).to_bytes(4, "big")


@pytest.mark.parametrize("server", [dnsmasq, kea], ids=["dnsmasq", "kea"])
def test_no_router_and_no_name_server_are_made_up(tmp_path, server):
    text = server.config(BOOTS, served(), dhcp(interface=lab.SERVER_END, router=None, dns=())).text
    (offer,) = lab.ask((run_dnsmasq if server is dnsmasq else run_kea)(tmp_path, text), [lab.pxe(ONE, 7)])
    assert offer.address == "10.20.1.1" and 3 not in offer.options and 6 not in offer.options


@pytest.mark.parametrize("server", [dnsmasq, kea], ids=["dnsmasq", "kea"])
def test_a_pool_gives_strangers_an_address_and_nothing_to_boot(tmp_path, server):
    pool = (ipaddress.ip_address("10.20.200.1"), ipaddress.ip_address("10.20.200.9"))
    text = server.config(BOOTS, served(), dhcp(interface=lab.SERVER_END, pool=pool)).text
    offers = lab.ask((run_dnsmasq if server is dnsmasq else run_kea)(tmp_path, text),
                     [lab.pxe(STRANGER, 7), lab.pxe(STRANGER, 7, ipxe=True), lab.pxe(ONE, 7)])
    assert [(each.address.startswith("10.20.200."), each.file) for each in offers] == [
        (True, ""), (True, ""), (False, f"{ROCKY}/shimx64.efi")]


@pytest.mark.parametrize("server", [dnsmasq, kea], ids=["dnsmasq", "kea"])
def test_host_names_that_are_words_of_dnsmasq_are_names(tmp_path, server):
    names = ("ignore", "infinite", "12h", "2d", "deadbeef", "3com", "tag", "set", "id", "net", "x" * 63)
    boots = [boot(name, number) for number, name in enumerate(names, 1)]
    text = server.config(boots, served(), dhcp(interface=lab.SERVER_END)).text
    offers = lab.ask((run_dnsmasq if server is dnsmasq else run_kea)(tmp_path, text),
                     [lab.pxe(each.macs[0], 7) for each in boots])
    assert [(offer.address, offer.options[12].decode(), offer.options[51]) for offer in offers] == [
        (f"10.20.1.{number}", name, (3600).to_bytes(4, "big")) for number, name in enumerate(names, 1)]


def test_a_proxy_sends_each_firmware_to_its_file_and_says_nothing_to_strangers(tmp_path):
    text = dnsmasq.config(BOOTS, served(), dhcp(interface=lab.SERVER_END, mode="proxy")).text
    asked = [(lab.pxe(ONE, 7, boot_server=True), f"{ROCKY}/shimx64.efi"),
             (lab.pxe(ONE, 9, boot_server=True), f"{ROCKY}/shimx64.efi"),
             (lab.pxe(ONE, 7, ipxe=True, boot_server=True), f"{ROOT}/boot.ipxe"),
             (lab.pxe(ARM, 11, boot_server=True), "alma-9.6-aarch64/shimaa64.efi")]
    first = [lab.pxe(ONE, 0), lab.pxe(ONE, 7), lab.pxe(STRANGER, 7), lab.http(ONE, 16), lab.Client(ONE)]
    answers = lab.ask(run_dnsmasq(tmp_path, text), [*first, *(client for client, _ in asked)])
    bios, uefi, *nothing = answers[: len(first)]
    assert bios.address == uefi.address == "0.0.0.0" and bios.options[60] == uefi.options[60] == b"PXEClient"
    assert uefi.server == "10.20.0.5" and nothing == [None, None, None]
    assert [answer.file for answer in answers[len(first):]] == [file for _, file in asked]


def test_a_bios_beside_a_proxy_has_a_menu_of_one_item_that_is_its_file(tmp_path):
    text = dnsmasq.config(BOOTS, served(), dhcp(interface=lab.SERVER_END, mode="proxy")).text
    for mac, ipxe, title, file in ((ONE, False, f"{ROCKY}, x86_64, any firmware", "bios/pxelinux.0"),
                                   (BIOS, False, "centos-7.9.2009-x86_64, x86_64, BIOS", "bios/pxelinux.0"),
                                   (ONE, True, f"{ROCKY}, x86_64, any firmware", f"{ROOT}/boot.ipxe")):
        (offer,) = lab.ask(run_dnsmasq(tmp_path, text), [lab.pxe(mac, 0, ipxe=ipxe)])
        ((item, shown),) = lab.menu(offer).items()
        (answer,) = lab.ask(run_dnsmasq(tmp_path, text), [lab.pxe(mac, 0, ipxe=ipxe, boot_server=True, item=item)])
        assert (shown, answer.file) == (title, file)


def test_a_file_name_of_any_printable_text_reaches_the_client_as_it_is(tmp_path):
    texts = [text for text in (*HOSTILE, *ODD)
             if text.isascii() and text.isprintable() and 0 < len(text) <= 127 and text not in (" ", "  ")]
    assert len(texts) > 400
    frame = dnsmasq.config(BOOTS, served(), dhcp(interface=lab.SERVER_END)).text.splitlines()
    lines = [line for line in frame if not line.startswith(("dhcp-host", "dhcp-boot", "dhcp-option-force"))]
    macs = [f"52:54:01:00:{n >> 8:02x}:{n & 255:02x}" for n in range(len(texts))]
    for number, (mac, text) in enumerate(zip(macs, texts, strict=True)):
        lines += [f"dhcp-host={mac},set:h{number},10.20.{2 + (number >> 7)}.{1 + (number & 127)}",
                  f"dhcp-boot=tag:h{number},{dnsmasq.quote(text)},,10.20.0.5"]
    answers = lab.ask(run_dnsmasq(tmp_path, "\n".join(lines) + "\n"), [lab.pxe(mac, 7) for mac in macs])
    wrong = [(text, answer and answer.file) for text, answer in zip(texts, answers, strict=True)
             if answer is None or answer.file != text]
    assert not wrong


def test_dnsmasq_and_kea_find_no_mistake_in_any_form(tmp_path):
    for number, changes in enumerate(({}, {"mode": "proxy"}, {"tftp_root": str(tmp_path)}, {"router": None, "dns": ()},
                                      {"pool": (ipaddress.ip_address("10.20.9.1"), ipaddress.ip_address("10.20.9.9"))})):
        for loaders in (Loaders(), Loaders(ipxe=""), Loaders(bios="ipxe/undionly.kpxe", x64="ipxe/snponly.efi", ia32="a.efi")):
            config = tmp_path / f"{number}.conf"
            config.write_text(dnsmasq.config(BOOTS, served(), dhcp(**changes), loaders).text)
            done = subprocess.run([need("dnsmasq", "dnsmasq-base"), "--test", "-C", config], capture_output=True, text=True)
            assert done.returncode == 0 and "syntax check OK" in done.stderr, done.stderr
            if "mode" in changes:
                continue
            config.write_text(kea.config(BOOTS, served(), dhcp(**changes), loaders).text)
            done = subprocess.run([need("kea-dhcp4", "kea-dhcp4-server"), "-t", config], capture_output=True, text=True,
                                  env={"KEA_LOCKFILE_DIR": "none", "KEA_PIDFILE_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"})
            assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["a,b", "a#b", "ignore", 'a"b', "a\\b", "a b"])
def test_dnsmasq_s_own_check_takes_what_the_quoting_makes_of_a_hostile_word(tmp_path, name):
    config = tmp_path / "dnsmasq.conf"
    config.write_text(f"dhcp-boot={dnsmasq.quote(name)}\npxe-service=0,{dnsmasq.quote(name)},x.0\n")
    done = subprocess.run([need("dnsmasq", "dnsmasq-base"), "--test", "-C", config], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


# --- nginx ---

TOKEN = token.token(b"a secret of thirty-two characters", "fleet", "c0001")
DATA = "b/5f2c91ab"
FILES = {"boot.ipxe": b"#!ipxe\n", "mac/52-54-00-00-00-01/boot.ipxe": b"#!ipxe\nexit\n", ".htpasswd": b"secret",
         ".pinboot/x/deploy.sh": b"secret", "mac/.boot.ipxe.pinboot-new": b"half",
         f"{DATA}/{ROCKY}/vmlinuz": bytes(range(256)) * 4096, f"{DATA}/{ROCKY}/.treeinfo": b"[general]\n",
         f"{DATA}/.other": b"secret", f"{DATA}/ks/{TOKEN}/ks.cfg": b"# kickstart\n"}


class Web:
    """nginx in the foreground on a free port of loopback; `get` answers as curl saw it."""

    def __init__(self, folder, name="http", base="", *, files=FILES, root=None, user="root"):
        self.root = root or folder / name
        for path, data in files.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_bytes(data)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{free.getsockname()[1]}{base}"
        self.folder = folder
        (folder / "logs").mkdir()
        (folder / "site.conf").write_text(nginx.site(served(root=self.url), str(self.root), logs=str(folder / "logs")).text)
        temporary = "".join(f"{kind}_temp_path {folder}/tmp-{kind};\n" for kind in (
            "client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        user = f"user {user};\n" if lab.is_root() else ""
        (folder / "nginx.conf").write_text(
            f"{user}worker_processes 2;\ndaemon off;\npid {folder}/pid;\nerror_log {folder}/logs/main.log;\n"
            f"events {{ worker_connections 1024; }}\nhttp {{\n{temporary}include {folder}/site.conf;\n}}\n")
        self.command = [need("nginx", "nginx"), "-c", str(folder / "nginx.conf"), "-e", str(folder / "logs" / "main.log")]

    def __enter__(self):
        tested = subprocess.run([*self.command, "-t"], capture_output=True, text=True)
        assert tested.returncode == 0 and "warn" not in tested.stderr, tested.stderr
        self.running = subprocess.Popen(self.command, stdin=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while not (self.folder / "pid").exists() or self.get("/boot.ipxe")[0] == 0:
            assert self.running.poll() is None and time.monotonic() < end
            time.sleep(0.05)
        return self

    def __exit__(self, *_):
        self.running.terminate()
        self.running.wait(20)

    def get(self, path, *options):
        """Status, headers in lower case, body."""
        done = subprocess.run([need("curl", "curl"), "-s", "-i", "--path-as-is", *options, f"{self.url}{path}"],
                              capture_output=True)
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        status, *fields = head.decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (field.partition(": ") for field in fields)}
        return int(status.split()[1]) if status else 0, headers, body

    def logs(self):
        return "".join(path.read_text() for path in (self.folder / "logs").iterdir())


@pytest.fixture
def web(tmp_path):
    with Web(tmp_path) as running:
        yield running


@pytest.mark.parametrize(("path", "kept"), [
    (f"/{DATA}/{ROCKY}/vmlinuz", "public, max-age=31536000, immutable"),
    (f"/{DATA}/{ROCKY}/.treeinfo", "public, max-age=31536000, immutable"),
    (f"/{DATA}/ks/{TOKEN}/ks.cfg", "private, no-store"),
    ("/boot.ipxe", "no-store"),
    ("/mac/52-54-00-00-00-01/boot.ipxe", "no-store"),
])
def test_nginx_serves_each_file_and_says_how_long_it_is_good_for(web, path, kept):
    status, headers, body = web.get(path)
    assert (status, headers["cache-control"], body) == (200, kept, FILES[path[1:]])


def test_what_is_not_to_be_seen_looks_like_what_is_not_there(web):
    nowhere = web.get("/nowhere")
    assert nowhere[0] == 404 and "cache-control" not in nowhere[1]
    for path in ("/", "/b/", f"/{DATA}", f"/{DATA}/", f"/{DATA}/ks", f"/{DATA}/ks/", f"/{DATA}/ks/{TOKEN}", f"/{DATA}/ks/{TOKEN}/",
                 f"/{DATA}/ks/wrong/ks.cfg", f"/{DATA}/ks/{TOKEN}/other", "/mac", "/.htpasswd", "/.pinboot/x/deploy.sh",
                 "/.pinboot", "/mac/.boot.ipxe.pinboot-new", f"/{DATA}/.other", "/%2ehtpasswd", "/x/../.htpasswd"):
        status, headers, body = web.get(path)
        assert (status, body) == (404, nowhere[2]) and headers["content-length"] == nowhere[1]["content-length"], path
        assert "location" not in headers


@pytest.mark.parametrize("path", ["/../etc/passwd", "/%2e%2e/etc/passwd", "/..%2fetc/passwd", f"/{DATA}/..%2f..%2f..%2f..%2fetc/passwd",
                                  "//etc/passwd", "/mac/..%5c..%5cetc/passwd", "/boot.ipxe%00.cfg"])
def test_no_path_leads_out_of_the_root(web, path):
    assert web.get(path)[0] in (400, 404)


def test_a_link_out_of_the_root_is_not_followed(web):
    (web.root / "passwd").symlink_to("/etc/passwd")
    (web.root / "etc").symlink_to("/etc")
    assert web.get("/passwd")[0] == web.get("/etc/passwd")[0] == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PROPFIND"])
def test_only_reading_is_answered(web, method):
    assert web.get("/boot.ipxe", "-X", method)[0] == 405


def test_a_download_goes_on_where_it_was_cut(web):
    path = f"/{DATA}/{ROCKY}/vmlinuz"
    _, headers, whole = web.get(path)
    status, part, body = web.get(path, "-H", "Range: bytes=1000-", "-H", f"If-Range: {headers['etag']}")
    assert (status, body, part["content-range"]) == (206, whole[1000:], f"bytes 1000-{len(whole) - 1}/{len(whole)}")
    status, head, body = web.get(path, "-I")
    assert (status, int(head["content-length"]), body) == (200, len(whole), b"")


def test_a_new_pointer_is_served_at_once(web):
    path = "mac/52-54-00-00-00-01/boot.ipxe"
    assert web.get(f"/{path}")[2] == FILES[path]
    new = web.root / "mac" / "new"
    new.write_bytes(b"#!ipxe\nboot\n")
    new.rename(web.root / path)
    assert web.get(f"/{path}")[2] == b"#!ipxe\nboot\n"


def test_no_log_tells_a_token_whatever_is_asked(web):
    kickstart = f"/{DATA}/ks/{TOKEN}/ks.cfg"
    codes = [web.get(path)[0] for path in (
        kickstart, f"/{DATA}/ks/{TOKEN}", f"/{DATA}/ks/{TOKEN}/other", f"/{DATA}/%6bs/{TOKEN}/ks.cfg", f"{kickstart}?{TOKEN}",
        f"/x/..{kickstart}", f"//{kickstart}", f"{kickstart}/", f"/{DATA}/ks/{TOKEN}%00")]
    codes += [web.get(kickstart, "-H", f"Referer: {web.url}{kickstart}")[0] for _ in range(30)]
    (web.root / DATA / "ks" / TOKEN / "ks.cfg").unlink()
    (web.root / DATA / "ks" / TOKEN / "ks.cfg").symlink_to("/etc/passwd")
    codes += [web.get(f"{kickstart}")[0], web.get(kickstart, "-X", "POST")[0]]
    assert {200, 404, 429} <= set(codes)
    assert f'GET "/{DATA}/ks/-/ks.cfg" 200' in web.logs() and TOKEN not in web.logs()


def test_a_site_below_a_path_and_in_an_odd_folder_serves_the_same(tmp_path):
    with Web(tmp_path, "it's; a {b} # c \"d\" \\e", "/os.images") as web:
        assert web.get("/boot.ipxe")[2] == FILES["boot.ipxe"]
        assert web.get(f"/{DATA}/{ROCKY}/vmlinuz")[1]["cache-control"].endswith("immutable")
        assert web.get(f"/{DATA}/ks/{TOKEN}/ks.cfg")[1]["cache-control"] == "private, no-store"
        assert f'"/{DATA}/ks/-/ks.cfg"' in web.logs() and TOKEN not in web.logs()


@pytest.mark.skipif(not lab.is_root(), reason="only root can be two users")
def test_what_deploy_sh_carries_is_served_by_a_worker_that_owns_nothing(tmp_path):
    web_group = grp.getgrnam("www-data").gr_gid
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        place = Path(folder)
        place.chmod(0o755)
        server = Server(place)
        os.chown(server.http, -1, web_group)
        assert server.build("5f2c91ab").deploy().returncode == 0
        with Web(tmp_path, files={}, root=server.http, user="www-data") as web:
            kickstart = f"{DATA}/ks/{DEPLOYED}/ks.cfg"
            assert web.get(f"/{kickstart}")[::2] == (200, b"# 5f2c91ab\n")
            assert web.get(f"/{DATA}/{ROCKY}/vmlinuz")[2] == b"kernel"
            assert b"ERASES its disk" in web.get("/mac/52-54-00-00-00-01/boot.ipxe")[2]
            assert server.deploy("--retire", "web1").returncode == 0
            assert b"starts from its local disk" in web.get("/mac/52-54-00-00-00-01/boot.ipxe")[2]
            assert web.get("/.pinboot/5f2c91ab/deploy.sh")[0] == 404
        reading = subprocess.run([need("setpriv", "util-linux"), "--reuid=nobody", "--regid=nogroup", "--clear-groups", "cat",
                                  server.http / kickstart], capture_output=True, text=True)
        assert reading.returncode == 1 and "Permission denied" in reading.stderr


def test_nginx_takes_an_https_site_with_its_certificate(tmp_path):
    subprocess.run([need("openssl", "openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                    "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", tmp_path / "key.pem", "-out",
                    tmp_path / "cert.pem"], check=True, capture_output=True)
    web = Web(tmp_path)
    text = nginx.site(served(root="https://localhost:8443"), str(web.root), certificate=f"{tmp_path}/cert.pem",
                      key=f"{tmp_path}/key.pem", logs=f"{tmp_path}/logs").text
    (tmp_path / "site.conf").write_text(text)
    tested = subprocess.run([*web.command, "-t"], capture_output=True, text=True)
    assert tested.returncode == 0 and "warn" not in tested.stderr, tested.stderr


STORM = """
import hashlib, sys, threading, urllib.request
url, count = sys.argv[1], int(sys.argv[2])
seen, gate = [], threading.Barrier(count)
def fetch():
    gate.wait()
    with urllib.request.urlopen(url, timeout=60) as answer:
        seen.append(hashlib.sha256(answer.read()).hexdigest())
threads = [threading.Thread(target=fetch) for _ in range(count)]
[each.start() for each in threads]; [each.join() for each in threads]
print(len(seen), len(set(seen)))
"""


def test_a_hundred_machines_at_once_get_their_kernel(web):
    done = subprocess.run([sys.executable, "-c", STORM, f"{web.url}/{DATA}/{ROCKY}/vmlinuz", "100"], capture_output=True, text=True)
    assert done.stdout == "100 1\n", done.stderr[-2000:]
