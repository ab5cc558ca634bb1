"""Profiles: layers, all mistakes at once, canonical values, secrets."""

import base64
import textwrap

import pytest

from builder import names
from builder.errors import UsageError
from builder.profile import kinds, resolve, starters
from builder.profile.file import layers

BLOB = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(range(32))
KEY = "ssh-ed25519 " + base64.b64encode(BLOB).decode() + " ops@example"
HASH = "$6$saltsalt$" + "a" * 86
GOOD = f'''
release = "centos-7.9.2009"
outputs = ["xen"]
root = {{ ssh_keys = ["{KEY}"] }}

[network]
gateway = "192.168.1.1"
nameservers = ["8.8.8.8"]

[host.web1]
address = "192.168.1.22/24"
disk = {{ size = "20 GiB" }}
'''


@pytest.fixture
def write(tmp_path):
    def write(text, name="web.toml"):
        (tmp_path / name).write_text(textwrap.dedent(text))
        return tmp_path / name
    return write


def read(path, **environment):
    return resolve.read(path, path.name, environment)[0]


def mistakes(path, **environment):
    with pytest.raises(UsageError) as caught:
        read(path, **environment)
    return caught.value.message


def test_a_short_profile_is_enough(write):
    profile = read(write(GOOD))
    host = profile.hosts[0]
    assert (profile.name, str(profile.release), host.name, host.hostname) == (
        "web", "CentOS 7.9.2009 x86_64", "web1", "web1")
    assert str(host.network.addresses[0]) == "192.168.1.22/24" and str(host.network.gateways[0]) == "192.168.1.1"
    assert host.network.mac_made and host.network.mac.startswith("00:16:3e:")
    assert (host.disk.name, host.disk.size, host.disk.file) == ("xvda", 20 << 30, "/var/lib/xen/images/web1.img")
    assert (profile.xen.run, profile.language, host.memory) == ("", "en_US.UTF-8", 2048)


def test_every_mistake_is_told_in_one_run_with_its_line(write):
    text = '''\
    relase = "rocky-9"
    vcpus = "two"
    selinux = "enforced"
    [network]
    gateway = "192.168.1.300"
    [user.admin]
    password = "secret"
    [host.web1]
    mac = "00:16:3e:9c:03"
    address = "192.168.1.22/24"
    disk = "xvda"
    [host.web2]
    address = "192.168.1.22/24"
    disk = { size = "20 GB" }
    [host."-x"]
    '''
    said = mistakes(write(text))
    for line, key, reason in [
            (1, "relase", "unknown key; did you mean release?"), (2, "vcpus", 'found "two"; wants a whole number'),
            (3, "selinux", "did you mean enforcing?"), (5, "network.gateway", '"192.168.1.300" is no IPv4 address'),
            (7, "user.admin.password", "plain text"), (9, "host.web1.mac", "5 bytes, wants 6"),
            (11, "host.web1.disk", "missing size"), (13, "host.web2.address", "192.168.1.22 belongs to web1 (line 10)"),
            (14, "host.web2.disk", "is no size"), (15, "host.-x", "is no host name")]:
        assert any(row.split()[:2] == ["line", str(line)] and key in row and reason in row
                   for row in said.splitlines()), (line, key, reason, said)
    assert said.startswith("web.toml: 10 mistakes, nothing was written")
    assert "secret" not in said


@pytest.mark.parametrize(("first", "second", "reason"), [
    ('mac = "00:16:3e:00:00:01"', 'mac = "0016.3E00.0001"', "00:16:3e:00:00:01 belongs to a"),
    ('address = "10.0.0.2/24"', 'address = "10.0.0.2/16"', "10.0.0.2 belongs to a"),
    ('address = "2001:db8::2/64"', 'address = "2001:0DB8:0::2/64"', "2001:db8::2 belongs to a"),
    ('disk = { size = "8 GiB", file = "/x/d.img" }', 'disk = { size = "9 GiB", file = "/x/d.img" }', "/x/d.img belongs"),
])
def test_duplicates_are_found_in_any_spelling(write, first, second, reason):
    disk = 'disk = { size = "8 GiB" }'
    rows = [f"[host.{n}]\n{line}\n{'' if 'disk' in line else disk}" for n, line in (("a", first), ("b", second))]
    assert reason in mistakes(write('release = "centos-7"\n' + "\n".join(rows)))


def test_two_hosts_that_differ_only_by_case_are_one(write):
    hosts = '[host.web]\ndisk={size="8 GiB"}\n[host.WEB]\ndisk={size="8 GiB"}\n'
    assert "web belongs to web" in mistakes(write('release = "centos-7"\n' + hosts))


def test_tables_join_and_everything_else_replaces(write):
    write('packages = ["a", "b"]\n[xen]\nbridge = "br9"\ndom0 = "netbsd"\n[host.web1]\nmemory = "1 GiB"\n', "base.toml")
    path = write('extends = ["base.toml"]\npackages = ["c"]\n[xen]\nbridge = "br1"\n')
    joined = layers.read(path, "web.toml")
    assert joined.table["packages"] == ["c"]
    assert joined.table["xen"] == {"bridge": "br1", "dom0": "netbsd"}
    assert joined.table["host"]["web1"]["memory"] == "1 GiB"
    assert str(joined.origins["xen.dom0"]) == "base.toml line 4"
    assert str(joined.origins["xen.bridge"]) == "web.toml line 4"
    assert [layer.name for layer in joined.layers] == ["base.toml", "web.toml"]


def test_a_circle_of_extends_is_refused(write):
    write('extends = ["web.toml"]\n', "base.toml")
    with pytest.raises(UsageError, match="goes round in a circle: web.toml -> base.toml -> web.toml"):
        read(write('extends = ["base.toml"]\n'))


def test_a_mistake_in_a_layer_names_the_layer(write):
    write('[network]\nmtu = 12\n', "base.toml")
    assert "base.toml line 2" in mistakes(write('extends = ["base.toml"]\n' + GOOD))


def test_a_missing_layer_and_an_unknown_starter_are_told(write):
    with pytest.raises(UsageError, match=r'"nope.toml" is not there'):
        read(write('extends = ["nope.toml"]\n'))
    with pytest.raises(UsageError, match="did you mean centos-7-xen"):
        read(write('extends = ["centos-7-xn"]\n'))


@pytest.mark.parametrize(("content", "reason"), [
    (b"release = \xff", "not UTF-8"), (b"release = rocky-9", "not TOML"), (b"a = 1\na = 2", "not TOML"),
    (b"#" * (1 << 20) + b"\n", "longer than 1 MiB")])
def test_a_file_that_is_no_profile_is_refused(tmp_path, content, reason):
    (tmp_path / "x.toml").write_bytes(content)
    with pytest.raises(UsageError, match=reason):
        read(tmp_path / "x.toml")


def test_a_secret_file_that_others_can_read_is_refused(write, tmp_path):
    (tmp_path / "root.hash").write_text(HASH + "\n")
    (tmp_path / "root.hash").chmod(0o644)
    path = write(GOOD.replace("root = {", 'root = { password = "file:root.hash",'))
    assert "can be read by others (mode 0644); chmod 600" in mistakes(path)
    (tmp_path / "root.hash").chmod(0o600)
    assert read(path).root.password_hash == HASH


def test_a_secret_may_come_from_the_environment(write):
    path = write(GOOD.replace("root = {", 'root = { password = "env:ROOT_HASH",'))
    assert read(path, ROOT_HASH=HASH).root.password_hash == HASH
    assert 'variable "ROOT_HASH" is not set' in mistakes(path)


@pytest.mark.parametrize(("word", "reason"), [
    ("hunter2", "plain text"), ("$1$salt$abcdefghijklmnopqrstuv", "MD5 or DES"), ("abcdefghijklm", "MD5 or DES"),
    ("$6$salt$short", "cut short"), ("$y$j9T$abc$" + "a" * 43, "yescrypt")])
def test_only_a_strong_hash_stands_for_a_password(write, word, reason):
    said = mistakes(write(GOOD.replace("root = {", f'root = {{ password = "{word}",')))
    assert reason in said and word not in said


@pytest.mark.parametrize(("word", "reason"), [
    ("ssh-ed25519 AAAA", "was it cut"), ("ssh-dss AAAA x", "no public ssh key"),
    ("-----BEGIN OPENSSH PRIVATE KEY-----", "PRIVATE key"), ("file:nope.pub", "No such file"),
    (KEY.replace("ops@example", 'a\\"b'), "quotes")])
def test_what_is_no_public_key_is_refused(write, word, reason):
    assert reason in mistakes(write(GOOD.replace(KEY, word)))


@pytest.mark.parametrize("word", ["-", "--", "--nocore", "@", "-@^", "@-x", "a b"])
def test_a_package_has_a_name_that_no_dash_begins(write, word):
    assert f'"{word}" is no package, @group' in mistakes(write(f'packages = ["{word}"]\n{GOOD}'))


@pytest.mark.parametrize(("line", "reason"), [
    ('gateway = "192.168.2.1"', "is not in the network"), ('gateway = "192.168.1.22"', "the host's own address"),
    ('gateway = "2001:db8::1"', "serves IPv6")])
def test_a_gateway_that_cannot_be_reached_is_refused(write, line, reason):
    assert reason in mistakes(write(GOOD.replace('address = "192', line + '\naddress = "192')))


def test_a_host_without_a_disk_is_asked_which_one_may_be_erased(write):
    assert "which disk may be erased?" in mistakes(write(GOOD.replace('disk = { size = "20 GiB" }', "")))


def test_a_profile_without_hosts_or_release_says_so(write):
    said = mistakes(write("language = 'cs_CZ.UTF-8'\n"))
    assert "no host" in said and "which system?" in said


def test_netbsd_has_its_own_places(write):
    profile = read(write(GOOD + '[xen]\ndom0 = "netbsd"\n'))
    assert (profile.xen.path, profile.xen.bridge, profile.hosts[0].disk.file) == (
        "/var/xen/pinboot", "bridge0", "/var/xen/web1.img")


def test_scripts_and_kickstarts_are_read_beside_the_profile(write, tmp_path):
    (tmp_path / "motd.sh").write_text("echo hi > /etc/motd\n")
    profile = read(write('post = ["motd.sh"]\n' + GOOD))
    assert profile.post[0].text == "echo hi > /etc/motd\n"
    assert "nope.sh: No such file" in mistakes(write('post = ["nope.sh"]\n' + GOOD))
    assert "choose one" in mistakes(write('kickstart = "motd.sh"\ntemplate = "motd.sh"\n' + GOOD))


@pytest.mark.parametrize("name", starters.names())
def test_every_starter_profile_reads_once_a_key_is_there(name, tmp_path, monkeypatch):
    (tmp_path / ".ssh").mkdir()
    for kind in ("ed25519", "rsa"):
        (tmp_path / ".ssh" / f"id_{kind}.pub").write_text(KEY + "\n")
    secret = tmp_path / ".config/pinboot/serve"
    secret.parent.mkdir(parents=True)
    secret.write_text("0123456789abcdef" * 4)
    secret.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    profile = resolve.read(starters.path(name), name, {})[0]
    kind = {"libvirt": "kvm", "network": "network"}.get(name.rpartition("-")[2], "xen")
    assert profile.hosts and {kinds.OUTPUTS[word] for word in profile.outputs} == {kind}


def test_the_first_starters_are_there():
    assert {"centos-7-xen-netbsd", "centos-7-xen", "rocky-9-xen"} <= set(starters.names())


def test_made_macs_never_meet_not_even_where_two_names_make_the_same(write):
    seen = {}
    first, second = next((seen[mac], name) for name in (f"h{i}" for i in range(100_000))
                         if seen.setdefault(mac := names.xen_mac("web", name), name) != name)
    disk = '\ndisk = { size = "8 GiB" }\n'
    text = f'release = "centos-7"\n[host.{first}]{disk}[host.{second}]{disk}'
    hosts = {h.name: h.network.mac for h in read(write(text)).hosts}
    assert hosts[first] == names.xen_mac("web", first) != hosts[second] == names.xen_mac("web", second, "again")
    given = text.replace(f"[host.{second}]", f"[host.z]\nmac = '{hosts[first].upper()}'{disk}[host.{second}]")
    moved = {h.name: h.network.mac for h in read(write(given)).hosts}
    assert moved["z"] == hosts[first] != moved[first] and len(set(moved.values())) == 3
