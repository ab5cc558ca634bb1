"""What every command says fits a terminal of 80 columns, and is plain text where it is no terminal."""

import argparse
import re
import subprocess
from pathlib import Path

import pytest

from builder.cli import terminal as shown
from builder.cli.options import parse
from tests.golden import console, workshop
from tests.golden.internet import Internet

SGR = re.compile(r"\x1b\[(?:0|1;31|33|32)m")
# A token that cannot be broken: a path, an address, a digest; nothing that a line could do about it.
# What others read, whatever its width: JSON, a merge request's text.
FOR_PROGRAMS = re.compile(r"--json|--markdown")
LONG = re.compile(r"\S{48,}")
UP = "\x1b[A"  # how tqdm goes back to the bar above
NAME = "p\u0159\u00edklad"
PROFILES = {
    f"{NAME}.toml": "release = 1\n",
    f"{NAME}/zoe.toml": f"""\
release = "rocky-9"
outputs = ["libvirt"]
[user.zoe]
gecos = "Zo\u00eb from {NAME}"
password = "file:../secrets/zoe.hash"
[host.web1]
memory = "4 GiB"
disk = {{ size = "20 GiB" }}
facts = {{ place = "{NAME}" }}
""",
    "old.toml": """\
release = "centos-7.9.2009"
root = { ssh_keys = ["file:~/.ssh/id_ed25519.pub"] }
[network]
gateway = "192.0.2.1"
nameservers = ["192.0.2.53"]
[host.old1]
address = "192.0.2.10/24"
memory = "2 GiB"
disk = { size = "20 GiB" }
""",
    "mistakes.toml": """\
relase = "rocky-9"
outputs = ["xen", "libvirt", "floppy"]
[network]
gateway = "192.168.1.300"
[host.web1]
mac = "00:16:3e:03:9c"
disk = { size = "twenty gigabytes, or whatever is there when the machine is started for the first time" }
[host.a-host-whose-name-is-so-long-that-it-fits-no-column-of-any-table-and-is-refused-too]
addres = "192.168.1.22/24"
""",
    "gone.toml": """\
release = "rocky-9"
root = { ssh_keys = ["file:~/.ssh/id_ed25519.pub"] }
[tree]
url = "https://mirror.example.com/a/path/that/is/long/and/leads/nowhere/BaseOS/x86_64/os"
[host.web1]
disk = { size = "20 GiB" }
""",
    "below.toml": """\
release = "rocky-9"
root = { ssh_keys = ["file:~/.ssh/id_ed25519.pub"] }
trust = { minimum = { kernel = "signed", initrd = "signed", stage2 = "signed", repository = "signed" } }
[host.web1]
memory = "1 GiB"
disk = { size = "20 GiB" }
""",
    "binary.toml": "\x00\x01\x02\udcff",
    "empty.toml": "",
    "secrets/zoe.hash": f"$6$saltsalt${'a' * 86}\n",
    "secrets/serve": f"{'0123456789abcdef' * 4}\n",
    "x.lock": "version = 99\n",
    "article.cfg": """\
name = "CentOS"
memory = "3800"
extra = "xencons=tty1"
extra = "ksdevice= inst.repo=http://mirror.example/7 ip=192.0.2.10::192.0.2.1:255.255.255.0:old1:eth0:none nameserver=8.8.8.8"
kernel="/var/xen/boot/centos/vmlinuz"
vnc=1
""",
    "article.ks": f"""\
install
url --url=http://mirror.example/centos/7/os/x86_64
lang cs_CZ.UTF-8
network --bootproto=static --ip=192.0.2.10 --netmask=255.255.255.0 --gateway=192.0.2.1 --device=eth0
authconfig --enableshadow --passalgo=sha512
rootpw {NAME}
clearpart --all
autopart
%packages
@core
%end
%post
echo {NAME} > /etc/motd
%include /tmp/more
%end
""",
}
# Each runs in a shell after the ones before it.
RUN = f"""\
pinboot
pinboot --version
pinboot frobnicate
pinboot check
pinboot init
pinboot init --list
pinboot init --list --json
pinboot init web1 --preset nothing-of-that-name
pinboot init web1 --preset rocky-9-libvirt
pinboot init web1 --preset rocky-9-libvirt
pinboot init "no name"
pinboot init rack --preset alma-9-network
pinboot check web1
pinboot check web1 --json
HOME=/nowhere pinboot init nokey
pinboot check {NAME}.toml
pinboot check {NAME}/zoe.toml
pinboot check {NAME}/zoe.toml --set host.web1.facts.place='{NAME}'
pinboot check old.toml
pinboot check mistakes.toml
pinboot check gone.toml
pinboot check below.toml
pinboot check binary.toml
pinboot check empty.toml
pinboot check nowhere.toml
pinboot check web2
pinboot check .
pinboot check rack
pinboot build web1 --locked
pinboot build web1 --offline
pinboot lock web1
pinboot lock web1
pinboot lock web1 --update
pinboot lock web1 --update --json
pinboot lock web1 --relocate --update
pinboot lock web1 --allow-downgrade
pinboot lock below.toml
pinboot lock gone.toml
pinboot lock {NAME}/zoe.toml
pinboot lock old.toml
pinboot build web1
pinboot build web1
pinboot build web1 --json
pinboot build web1 --host nobody
pinboot build {NAME}/zoe.toml -o {NAME}/out
pinboot build old.toml -o old.tar
pinboot build old.toml --sign nothing.key
pinboot build rack
pinboot build web1 -o /proc/nowhere
pinboot build web1 --connect-timeout never
pinboot verify out/web1
pinboot verify old.tar
pinboot verify {NAME}/out
pinboot render {NAME}/zoe.toml
pinboot render {NAME}/zoe.toml --host web1 ks > ks
pinboot render old.toml --host web1 ks
pinboot render old.toml nothing
pinboot render old.toml --list
pinboot verify out/web1 --json
pinboot verify out/web1 --key nothing.pub
pinboot verify out/web1 --key ~/.ssh/id_ed25519.pub
pinboot verify nowhere
pinboot verify old.toml
cp -r out/web1 broken; echo more >> broken/NEXT-STEPS.txt; touch broken/extra; rm broken/verify.sh; pinboot verify broken
pinboot store ls
pinboot store ls x.lock
pinboot store ls --json
pinboot store verify
pinboot store gc --dry-run
pinboot store gc nowhere.lock
pinboot store export profiles/web1.lock -o web1.tar
pinboot store import web1.tar -o other.lock
pinboot store import old.toml
pinboot store
pinboot demo --keep demo
pinboot demo --keep demo
pinboot show web1
pinboot show old.toml --host old1
pinboot show {NAME}/zoe.toml
pinboot show mistakes.toml
pinboot show profiles/web1.lock
pinboot show rack
pinboot show x.lock
pinboot show out/web1
pinboot show old.tar
pinboot show broken
pinboot show out/web1 --json
pinboot show nowhere
pinboot show binary.toml
pinboot doctor
pinboot explain
pinboot explain kickstart
pinboot explain storage.layout
pinboot explain disk
pinboot explain nothing-of-that-name
pinboot explain {NAME}
pinboot schema -o schema.json
pinboot schema -o /proc/nowhere
pinboot completion tcsh
pinboot doctor
pinboot ks
pinboot ks check article.ks
pinboot ks check article.ks --release rocky-9
pinboot ks check article.ks --release rocky-9 --json
pinboot ks check binary.toml empty.toml nowhere.ks --release el8
pinboot ks check article.ks --release no-such-release
pinboot ks diff article.ks --from centos-7 --to rocky-9
pinboot ks diff article.ks --from el6 --to el10
pinboot cmdline check --release centos-7 article.cfg
pinboot cmdline check article.cfg
pinboot cmdline check --brief article.cfg
pinboot cmdline check -- ip=192.0.2.10::192.0.2.1:255.255.255.0:web1:eth0:none ks=http://192.0.2.5/ks/a/rather/long/path/to/a/kickstart.cfg ip=dhcp nameserver=192.0.2.1,192.0.2.2 quiet "rd.break=pre mount"
pinboot cmdline check --release el9 -- ip=dhcp inst.ks=http://10.0.0.5/ks
pinboot cmdline check nowhere.cfg
pinboot cmdline check binary.toml
pinboot cmdline check --release el9 "$(printf 'inst.ks=%0300d' 1)"
printf 'correct horse' | pinboot hash-password
printf 'correct horse' | pinboot hash-password -o secrets/new.hash
printf 'correct horse' | pinboot hash-password -o secrets/new.hash
printf '' | pinboot hash-password
pinboot cmdline check 'ks=http://192.0.2.5/ks ip=eth0:dhcp nameserver=192.0.2.53,192.0.2.54 console=ttyS0 console=tty0 {NAME}'
pinboot cmdline check --release el9 -- inst.ks=http://192.0.2.5/a/path/that/is/long/and/leads/to/the/kickstart/of/this/machine.cfg
pinboot cmdline check --release rocky-9 out/web1/hosts/web1/cmdline binary.toml
pinboot cmdline check --release rocky-9 --brief old.toml
pinboot cmdline check --json quiet
pinboot cmdline check nowhere.cfg
""".splitlines()

# The same after the mirror of Rocky Linux moved on.
LATER = """\
pinboot lock web1; echo drift
cp profiles/web1.lock before.lock; pinboot lock web1 --update; echo update
pinboot diff before.lock profiles/web1.lock
pinboot diff before.lock profiles/web1.lock --markdown
pinboot diff before.lock profiles/web1.lock --json
pinboot diff before.lock before.lock
pinboot diff old.toml web1
pinboot diff out/web1 broken
pinboot diff --last profiles/web1.lock
pinboot diff nowhere.lock before.lock
pinboot diff
""".splitlines()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    net = Internet(workshop.trees(), folder)
    binaries = workshop.install(folder, net.authority)
    with net.running():
        yield net, binaries


def desk(tmp_path_factory, served, **more):
    net, binaries = served
    folder = tmp_path_factory.mktemp("desk")
    for name, text in PROFILES.items():
        path = folder / "work" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode(errors="surrogateescape"))
        path.chmod(0o600)
    home = folder / "home"
    (home / ".config/pinboot").mkdir(parents=True)
    (home / ".config/pinboot/serve").symlink_to(folder / "work/secrets/serve")
    return folder / "work", {**workshop.environment(home, binaries, net.base), **more}


@pytest.fixture(scope="module")
def on_terminal(tmp_path_factory, served):
    """Each command with what it wrote to a terminal that has colours."""
    work, environment = desk(tmp_path_factory, served)
    return {command: console.terminal(["sh", "-c", command], cwd=work, environment=environment)
            for command in through(served[0])}


@pytest.fixture(scope="module")
def piped(tmp_path_factory, served):
    """The same in a C locale whose streams take ASCII alone, with both streams in pipes."""
    work, environment = desk(tmp_path_factory, served, LC_ALL="C", LANG="C", PYTHONIOENCODING="ascii")
    return {command: subprocess.run(["sh", "-c", command], cwd=work, env=environment, capture_output=True, text=True,
                                    encoding="ascii", stdin=subprocess.DEVNULL) for command in through(served[0])}


def through(net):
    net.trees = workshop.trees()
    yield from RUN
    workshop.EVENTS["the mirror moves on"](net, Path())
    yield from LATER


def wide(lines):
    """Lines over 80 columns, but for those that are longer because their letters had to be escaped."""
    return [line for line in lines
            if len(re.sub(r"\\(?:x..|u....)", "?", line)) > shown.WIDTH and not LONG.search(line)]


def trailing(lines):
    return [line for line in lines if line != line.rstrip()]


def test_every_command_is_among_them():
    assert {name for name, *_ in parse.COMMANDS} <= {word for line in [*RUN, *LATER] for word in line.split()}


def test_a_terminal_of_80_columns_shows_every_line_whole(on_terminal):
    told = {command: SGR.sub("", written).replace("\r\n", "\n").split("\n")
            for command, (_, written) in on_terminal.items() if not FOR_PROGRAMS.search(command)}
    # A bar draws over itself: only what is left of a row in the end counts.
    rows = {command: [line.rpartition("\r")[2].replace(UP, "") for line in lines] for command, lines in told.items()}
    assert not {command: found for command, lines in rows.items() if (found := [*wide(lines), *trailing(lines)])}


def test_a_terminal_is_told_nothing_but_letters_colours_and_bars(on_terminal):
    for command, (_, written) in on_terminal.items():
        rest = SGR.sub("", written).replace(UP, "")
        assert not re.search(r"[^\n\r\t -~\u00a0-\uffff]", rest), command


def test_errors_and_verdicts_have_their_colour_on_a_terminal_and_nothing_else_has(on_terminal):
    painted = {word for _, written in on_terminal.values() for word in re.findall(r"\x1b\[[0-9;]+m(.*?)\x1b\[0m", written)}
    assert painted == {"error", "warning", "ok"}
    assert on_terminal["pinboot check mistakes.toml"][1].startswith("\x1b[1;31merror\x1b[0m: ")


def test_a_pipe_gets_plain_ascii_and_results_that_fit_80_columns(piped):
    told = {command: f"{ran.stdout}{ran.stderr}" for command, ran in piped.items()}
    assert not [command for command, text in told.items() if re.search(r"[^\n -~]", text)]
    assert not {command: found for command, text in told.items() if (found := trailing(text.splitlines()))}
    assert not {command: found for command, ran in piped.items()
                if not FOR_PROGRAMS.search(command) and (found := wide(ran.stdout.splitlines()))}


def test_no_command_ends_in_a_traceback_and_both_ways_end_alike(on_terminal, piped):
    assert not [command for command in piped if "Traceback" in on_terminal[command][1] + piped[command].stderr]
    ends = {command: (on_terminal[command][0], ran.returncode) for command, ran in piped.items()}
    assert not {command: codes for command, codes in ends.items() if len(set(codes)) > 1 or not set(codes) <= set(range(6))}


@pytest.mark.parametrize("more", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": ""}])
def test_a_terminal_that_wants_no_colour_gets_none(tmp_path_factory, served, more):
    work, environment = desk(tmp_path_factory, served, **more)
    for command in ("pinboot check mistakes.toml", "pinboot check old.toml"):
        _, written = console.terminal(["sh", "-c", command], cwd=work, environment=environment)
        assert "\x1b" not in (written if "TERM" in more else written.replace(UP, ""))


def test_an_empty_no_color_says_nothing(tmp_path_factory, served):
    work, environment = desk(tmp_path_factory, served, NO_COLOR="")
    assert "\x1b[1;31m" in console.terminal(["pinboot", "check", "mistakes.toml"], cwd=work, environment=environment)[1]


def test_a_result_in_a_file_has_no_colour_though_the_story_goes_to_a_terminal(tmp_path_factory, served):
    work, environment = desk(tmp_path_factory, served)
    console.terminal(["sh", "-c", "pinboot check below.toml > told"], cwd=work, environment=environment)
    assert "error" in (work / "told").read_text() and "\x1b" not in (work / "told").read_text()
    _, written = console.terminal(["sh", "-c", "pinboot check mistakes.toml 2> told"], cwd=work, environment=environment)
    assert written == "" and "\x1b" not in (work / "told").read_text()


def parsers(parser, words=("pinboot",)):
    yield words, parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                yield from parsers(inner, (*words, name))


HELP = {" ".join(words): parser for words, parser in parsers(parse.parser())}


@pytest.mark.parametrize("words", HELP)
def test_help_fits_80_columns(words, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    text = HELP[words].format_help()
    assert text.isascii() and not wide(text.splitlines()) and not trailing(text.splitlines())
    assert text.startswith(f"usage: {words} ") and "  -h, --help" in text
    for action in HELP[words]._actions:
        assert action.help or isinstance(action, argparse._SubParsersAction), (words, action.dest)


def test_a_line_is_folded_between_words_only():
    assert shown.folded("short") == ["short"]
    assert shown.folded("error: " + "word " * 20)[1].startswith("       word")
    assert shown.folded("    " + "word " * 20)[1].startswith("      word")
    long = f"    expected  sha256:{'a' * 64}"
    assert shown.folded(long) == ["    expected", f"      sha256:{'a' * 64}"]
    assert shown.folded(f"    {'a' * 90}: and more") == [f"    {'a' * 90}:", "      and more"]


def test_a_file_whose_name_is_no_text_is_told_all_the_same(tmp_path_factory, served):
    work, environment = desk(tmp_path_factory, served)
    for more in ({}, {"LC_ALL": "C"}, {"PYTHONIOENCODING": "latin-1"}):
        ran = subprocess.run(["sh", "-c", "pinboot check \"$(printf 'a\\377.toml')\""], cwd=work, env={**environment, **more},
                             capture_output=True)
        assert ran.returncode == 2 and b"a\\udcff.toml" in ran.stderr and b"Traceback" not in ran.stderr


def test_a_profile_is_called_as_files_of_a_bundle_can_be_called(on_terminal):
    code, written = on_terminal[f"pinboot check {NAME}.toml"]
    assert code == 2 and f'{NAME}.toml: "{NAME}" is no name for a profile' in written and "Traceback" not in written
