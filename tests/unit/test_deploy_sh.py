"""deploy.sh for real, in every shell that is here: onto this machine, and by rsync to a server that is a folder."""

import os
import shutil
import signal
import stat
import subprocess
from pathlib import Path

import pytest

from builder.media import checksums
from builder.media.bundle import bundle, text_entry
from builder.media.pack import directory
from builder.outputs.loaders import files
from builder.outputs.services import deploy
from tests.tool.tools import need
from tests.unit import serving
from tests.unit.hostile import HOSTILE, ODD

SHELLS = {"dash": ["dash"], "bash": ["bash"], "ksh": ["ksh"], "mksh": ["mksh"], "busybox": ["busybox", "sh"]}
TOKEN = "jrpamlnsp3os4uoxkdhrmost7aj2udxt"
OLD, NEW = "11111111", "22222222"
LOCAL = deploy.MARK.encode()
IPXE = "mac/52-54-00-00-00-01/boot.ipxe"
# The other side of ssh: joins its words as OpenSSH does, and lets a shell read them, as sshd does.
SSH = """#!/bin/sh
echo "$*" >>{calls}
[ "$1" != -- ] || shift
case $1 in -l) shift 2 ;; esac
shift
[ "$1" != -- ] || shift
exec sh -c "$*"
"""


class Server:
    """A bundle in one folder and the roots of two servers in another, with a PATH whose sh is the shell of the test."""

    def __init__(self, folder, shell="dash"):
        self.folder, self.tools, self.path = folder, folder / "bin", os.environ["PATH"]
        self.http, self.tftp = folder / "srv" / "http", folder / "srv" / "tftp"
        for each in (self.tools, self.http, self.tftp, folder / "tmp"):
            each.mkdir(parents=True)
        self.fake("sh", f'#!/bin/dash\nexec {" ".join([shutil.which(SHELLS[shell][0]), *SHELLS[shell][1:]])} "$@"\n')
        # Syncing a whole busy machine takes minutes; the order in which it is asked for is tested apart.
        self.fake("sync", "#!/bin/dash\n")
        self.fake("ssh", SSH.format(calls=folder / "calls"))

    def fake(self, name, text):
        (self.tools / name).write_text(text)
        (self.tools / name).chmod(0o755)

    def build(self, identity=NEW, hosts=("web1", "web2"), kernel=b"kernel", more=()):
        """Pack a bundle in out/, in place of the one that was there."""
        served = serving.served(identity)
        boots = [serving.boot(name, number) for number, name in enumerate(hosts, 1)]
        pointers = [deploy.Pointer(host=boot.name, path=install.path, install=install.text, local=local.text)
                    for boot in boots for install, local in zip(
                        files.pointers(boot, served), files.pointers(boot, served, "local"), strict=True)]
        made = [*scripts(identity, pointers), *files.menus(boots, served),
                *(file for boot in boots for file in files.immutable(boot, served))]
        entries = [text_entry(file.path, file.text, mode=file.mode) for file in made]
        data = f"b/{identity}"
        entries += [
            text_entry(f"http/{data}/rocky-9.6-x86_64/vmlinuz", kernel),
            text_entry(f"http/{data}/rocky-9.6-x86_64/.treeinfo", "[general]\n"),
            text_entry(f"tftp/{data}/rocky-9.6-x86_64/vmlinuz", kernel),
            text_entry("tftp/rocky-9.6-x86_64/shimx64.efi", b"shim"),
            text_entry(f"http/{data}/ks/{TOKEN}/ks.cfg", f"# {identity}\n", mode=0o600),
            text_entry("private/hosts/web1/README", "private", mode=0o600),
            checksums.script(), text_entry("manifest.json", "{}"), *more]
        if (self.folder / "out").exists():
            shutil.rmtree(self.folder / "out")
        directory.write(bundle("web", 1604001756, [*entries, checksums.build(entries)]), self.folder / "out")
        return self

    def command(self, *arguments):
        return ["sh", f"{self.folder}/out/deploy.sh", "--http", str(self.http), "--tftp", str(self.tftp), *arguments]

    def deploy(self, *arguments, **options):
        return subprocess.run(self.command(*arguments), env=self.environment, text=True, capture_output=True,
                              cwd=self.folder, stdin=subprocess.DEVNULL, timeout=120, **options)

    def hide(self, *names):
        """Make this a machine that lacks these programs."""
        self.path = str(self.folder / "usr")
        (self.folder / "usr").mkdir()
        for place in ("/bin", "/usr/bin"):
            for file in Path(place).iterdir():
                if file.name not in names and not (self.folder / "usr" / file.name).exists():
                    (self.folder / "usr" / file.name).symlink_to(file)

    @property
    def environment(self):
        return {**os.environ, "PATH": f"{self.tools}:{self.path}", "TMPDIR": str(self.folder / "tmp")}

    def pointer(self, path=IPXE):
        return (self.http / path).read_bytes()

    def live(self):
        """What the servers would hand out: path to bytes."""
        return {path.relative_to(self.folder / "srv").as_posix(): path.read_bytes()
                for path in sorted((self.folder / "srv").rglob("*"))
                if path.is_file() and "/.pinboot/" not in path.as_posix()}


@pytest.fixture
def server(tmp_path):
    return Server(tmp_path)


def pointers_of(*numbers):
    return {file.path for number in numbers for file in files.pointers(
        serving.boot(f"web{number}", number), serving.served(NEW))}


def leads_to(identity, data):
    return f"/b/{identity}/".encode() in data


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("where", ["here", "here, without rsync", "root@web.example"])
def test_every_shell_carries_a_whole_bundle_to_where_it_is_served(tmp_path, shell, where):
    need(SHELLS[shell][0], shell)
    need("rsync", "rsync")
    server = Server(tmp_path, shell).build()
    if where == "here, without rsync":
        server.hide("rsync")
    done = server.deploy(*([where] if "@" in where else []))
    assert done.returncode == 0, done.stderr
    out = {path.relative_to(tmp_path / "out").as_posix(): path.read_bytes()
           for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert server.live() == {path: data for path, data in out.items() if path.startswith(("http/", "tftp/"))}
    assert "2 install, 0 start from their own disk" in done.stdout


def test_modes_are_those_of_a_web_server_and_kickstarts_are_for_its_group_alone(server):
    os.umask(0o077)
    try:
        server.build().http.chmod(0o755)
        assert server.deploy().returncode == 0
    finally:
        os.umask(0o022)

    def mode(path):
        return stat.S_IMODE((server.folder / "srv" / path).stat().st_mode)

    assert mode(f"http/b/{NEW}/ks/{TOKEN}/ks.cfg") == 0o640
    assert mode(f"http/b/{NEW}/ks") == mode(f"http/b/{NEW}/ks/{TOKEN}") == 0o711
    assert mode("http/.pinboot") == 0o700
    for path in (f"http/b/{NEW}/rocky-9.6-x86_64/vmlinuz", f"tftp/b/{NEW}/rocky-9.6-x86_64/vmlinuz", f"http/{IPXE}"):
        assert mode(path) == 0o644 and mode(path.rpartition("/")[0]) == 0o755


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give a file to any group")
def test_kickstarts_get_the_group_of_the_web_root_or_the_one_that_is_named(server):
    os.chown(server.http, -1, 33)
    done = server.build(OLD).deploy()
    assert done.returncode == 0 and done.stderr == ""
    assert (server.http / f"b/{OLD}/ks/{TOKEN}/ks.cfg").stat().st_gid == 33
    assert server.build(NEW).deploy("--group", "daemon").returncode == 0
    assert (server.http / f"b/{NEW}/ks/{TOKEN}/ks.cfg").stat().st_gid == 1


@pytest.mark.skipif(os.getuid() != 0, reason="only root's web root belongs to root")
def test_a_web_root_of_the_group_root_is_warned_of(server):
    done = server.build().deploy()
    assert "warning: only the group root may read the kickstarts" in done.stderr and done.returncode == 0


def test_nothing_private_is_carried(server):
    server.build().deploy()
    names = {path.name for path in (server.folder / "srv").rglob("*")}
    assert "deploy.sh" in names and not names & {"private", "README", "manifest.json"}


def test_the_data_of_an_older_bundle_stays_and_pointers_move_on(server):
    server.build(OLD).deploy()
    assert leads_to(OLD, server.pointer())
    assert server.build(NEW, kernel=b"newer").deploy().returncode == 0
    assert leads_to(NEW, server.pointer())
    assert (server.http / f"b/{OLD}/rocky-9.6-x86_64/vmlinuz").read_bytes() == b"kernel"
    assert (server.http / f"b/{NEW}/rocky-9.6-x86_64/vmlinuz").read_bytes() == b"newer"


def test_a_second_time_changes_nothing(server):
    server.build().deploy()
    before = {path: path.stat().st_mtime_ns for path in server.http.rglob("*") if path.is_file()
              and ".pinboot" not in path.parts}
    done = server.deploy()
    assert done.returncode == 0 and f"{server.http}/b/{NEW}: there already, as built" in done.stdout
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_a_pointer_that_changed_gets_a_new_time(server):
    server.build(OLD).deploy()
    os.utime(server.http / IPXE, (1604001756, 1604001756))
    server.build(NEW).deploy()
    assert (server.http / IPXE).stat().st_mtime > 1604001756


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("where", ["here", "root@web.example"])
def test_a_machine_is_retired_to_its_own_disk_and_armed_again(tmp_path, shell, where):
    need(SHELLS[shell][0], shell)
    need("rsync", "rsync")
    server = Server(tmp_path, shell).build()
    there = [] if where == "here" else [where]
    server.deploy(*there)
    armed = server.live()
    done = server.deploy("--retire", "web1", *there)
    assert done.returncode == 0 and "0 install, 1 start from their own disk" in done.stdout, done.stderr
    changed = {path for path, data in server.live().items() if armed[path] != data}
    assert changed == pointers_of(1) and all(LOCAL in server.live()[path] for path in changed)
    assert server.deploy("--arm", "web1", *there).returncode == 0
    assert server.live() == armed


def test_a_retired_machine_stays_so_when_the_next_bundle_comes(server):
    server.build(OLD).deploy()
    server.deploy("--retire", "web1")
    done = server.build(NEW, hosts=("web1", "web2", "web3")).deploy()
    assert done.returncode == 0 and "2 install, 1 start from their own disk" in done.stdout
    assert LOCAL in server.pointer()
    assert leads_to(NEW, server.pointer("mac/52-54-00-00-00-03/boot.ipxe"))
    assert server.deploy("--arm", "web1").returncode == 0 and leads_to(NEW, server.pointer())


def test_machines_are_armed_only_when_their_data_is_there(server):
    server.build(OLD).deploy()
    done = server.build(NEW).deploy("--arm", "web1")
    assert done.returncode == 1 and f"the data of this bundle is not in {server.http}/b/{NEW}" in done.stderr
    assert leads_to(OLD, server.pointer())


def test_the_script_that_was_carried_along_retires_without_the_bundle(server):
    server.build().deploy()
    shutil.rmtree(server.folder / "out")
    script = server.http / ".pinboot" / NEW / "deploy.sh"
    done = subprocess.run(["sh", script, "--here", "--http", server.http, "--tftp", server.tftp, "--retire", "web2"],
                          env=server.environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert LOCAL in server.pointer("mac/52-54-00-00-00-02/boot.ipxe") and LOCAL not in server.pointer()


@pytest.mark.parametrize("shell", SHELLS)
def test_dry_run_tells_and_does_nothing(tmp_path, shell):
    need(SHELLS[shell][0], shell)
    server = Server(tmp_path, shell).build(OLD)
    server.deploy()
    server.deploy("--retire", "web1")
    before = server.live()
    server.build(NEW)
    for where in ([], ["root@web.example"]):
        done = server.deploy("--dry-run", *where)
        assert done.returncode == 0, done.stderr
        assert f"would copy {server.http}/b/{NEW}" in done.stdout
        assert "would be: 1 install, 1 start from their own disk" in done.stdout
        assert "would be: 0 install, 2 start" in server.deploy("--dry-run", "--retire", "web1", "web2", *where).stdout
    assert server.live() == before and not (server.http / ".pinboot" / NEW).exists()


def test_a_tampered_bundle_is_not_carried(server):
    server.build()
    (server.folder / "out" / "http" / IPXE).write_text("#!ipxe\nchain http://evil.example/\n")
    done = server.deploy()
    assert done.returncode == 4 and "nothing was touched" in done.stderr
    assert f"http/{IPXE}: FAILED" in done.stderr and server.live() == {}
    (server.folder / "out" / "http" / IPXE).unlink()
    assert server.deploy().returncode == 4 and server.live() == {}


@pytest.mark.parametrize("line", ["short  http/x", f"{'0' * 64}  http/a b", f"{'0' * 64}  http/$(id)", f"{'0' * 64} *http/x", ""])
def test_a_list_with_a_line_of_another_shape_is_refused(server, line):
    server.build()
    with (server.folder / "out" / "SHA256SUMS").open("a") as sums:
        sums.write(f"{line}\n")
    done = server.deploy()
    assert done.returncode == 4 and "SHA256SUMS is not what was built" in done.stderr and server.live() == {}


@pytest.mark.parametrize("where", [[], ["root@web.example"]])
def test_data_that_was_damaged_on_the_way_gets_no_name(server, where):
    need("rsync", "rsync")
    server.build(OLD).deploy()
    before = server.live()
    server.build(NEW)
    if not where:
        server.hide("rsync")
    damage = f"printf damaged >{server.http}/.pinboot/{NEW}/http/b/{NEW}/ks/{TOKEN}/ks.cfg"
    server.fake("cp", f'#!/bin/dash\n/bin/cp "$@"\ncase $* in *ks.cfg) {damage} ;; esac\n')
    server.fake("rsync", f'#!/bin/dash\n{shutil.which("rsync")} "$@"\nstatus=$?\n[ "$1" = --server ] || {damage}\n'
                         "exit $status\n")
    done = server.deploy(*where)
    assert done.returncode == 4 and "these are not what was built" in done.stderr, done.stderr
    assert f"http/b/{NEW}/ks/...: FAILED" in done.stderr.replace("/ks.cfg", "") and TOKEN not in done.stderr
    assert server.live() == before
    (server.tools / "cp").unlink()
    (server.tools / "rsync").unlink()
    assert server.deploy(*where).returncode == 0 and leads_to(NEW, server.pointer())


def test_served_data_that_somebody_changed_stops_before_the_pointers(server):
    server.build(OLD).deploy()
    server.build(NEW).deploy()
    server.build(OLD).deploy()
    (server.http / f"b/{NEW}/rocky-9.6-x86_64/vmlinuz").write_bytes(b"evil")
    done = server.build(NEW).deploy()
    assert done.returncode == 4 and "rocky-9.6-x86_64/vmlinuz: FAILED" in done.stderr
    assert f"move b/{NEW} away and deploy again" in done.stderr and leads_to(OLD, server.pointer())


def test_every_tool_for_sha_256_finds_the_same(server):
    server.build()
    for tool in ("cksum", "sha256", "openssl"):
        server.fake("sha256sum", "#!/bin/dash\nexit 1\n")
        if tool == "sha256":
            server.fake("cksum", "#!/bin/dash\nexit 1\n")
            server.fake("sha256", "#!/bin/dash\nexec openssl dgst -sha256 -r\n")
        assert server.deploy().returncode == 0, tool
        (server.http / f"b/{NEW}/rocky-9.6-x86_64/vmlinuz").write_bytes(b"evil")
        assert "rocky-9.6-x86_64/vmlinuz" in server.deploy().stderr
        shutil.rmtree(server.http / "b")


# Every program of its own that changes something: killed when it is called for the n-th time, before it has worked.
@pytest.mark.parametrize(("shell", "program", "number"), [
    ("dash", "cp", 1), ("dash", "cp", 9), ("dash", "chmod", 1), ("dash", "chmod", 3), ("dash", "mkdir", 2),
    ("dash", "cat", 1), ("dash", "cat", 2), ("dash", "cat", 20), ("dash", "sync", 1), ("dash", "sync", 3),
    *((shell, "mv", number) for shell in ("dash", "mksh") for number in (1, 2, 4, 12))])
def test_killed_at_any_moment_what_is_served_works_and_a_second_time_completes(tmp_path, shell, program, number):
    need(SHELLS[shell][0], shell)
    server = Server(tmp_path, shell).build(OLD)
    assert server.deploy().returncode == 0
    server.build(NEW, kernel=b"newer")
    real = shutil.which(program)
    server.hide("rsync")
    server.fake(program, f'#!/bin/dash\necho x >>{tmp_path}/count\n[ "$(wc -l <{tmp_path}/count)" != {number} ] || '
                         f'kill -9 $PPID\n{"exit 0" if program == "sync" else f"exec {real}"} "$@"\n')
    killed = server.deploy()
    assert killed.returncode not in (0, 4), killed.stderr
    for path, data in server.live().items():
        if "pinboot-new" not in path and "/b/" not in path:
            assert leads_to(OLD, data) or leads_to(NEW, data) or b"/b/" not in data, path
            assert not leads_to(NEW, data) or (server.http / f"b/{NEW}/rocky-9.6-x86_64/vmlinuz").exists()
    if (server.http / f"b/{NEW}").exists():
        assert (server.http / f"b/{NEW}/ks/{TOKEN}/ks.cfg").read_text() == f"# {NEW}\n"
    (server.tools / program).unlink()
    if program == "sync":
        server.fake("sync", "#!/bin/dash\n")
    done = server.deploy()
    assert done.returncode == 0, (killed.stderr, done.stderr)
    assert leads_to(NEW, server.pointer()) and not [path for path in server.live() if "pinboot-new" in path]


def test_a_pointer_is_written_beside_its_place_synced_and_then_renamed(server):
    server.build(OLD).deploy()
    server.build(NEW)
    for name in ("mv", "sync"):
        real = "" if name == "sync" else f'exec {shutil.which(name)} "$@"\n'
        server.fake(name, f'#!/bin/dash\necho "{name} $*" >>{server.folder}/order\n{real}')
    assert server.deploy().returncode == 0
    order = (server.folder / "order").read_text().splitlines()
    assert order[:2] == ["sync ", f"mv -- {server.http}/.pinboot/{NEW}/http/b/{NEW} {server.http}/b/{NEW}"]
    assert order[2:4] == ["sync ", f"mv -- {server.tftp}/b/.{NEW}.pinboot-new {server.tftp}/b/{NEW}"]
    last = order.index("sync ", 4)
    rest = order[last:] if f"mv -f -- {server.http}/mac" in order[last + 1] else order[order.index("sync ", last + 1):]
    assert rest[0] == "sync " and all(line.startswith("mv -f -- ") and "pinboot-new" in line for line in rest[1:])
    assert len(rest) == 1 + len(pointers_of(1, 2))


def test_term_ends_it_and_takes_its_files_along(server):
    server.build().hide("rsync")
    server.fake("cp", '#!/bin/dash\ntouch "$TMPDIR/copying"\nexec sleep 1\n')
    with subprocess.Popen(server.command(), env=server.environment, stderr=subprocess.PIPE, text=True) as running:
        while not (server.folder / "tmp" / "copying").exists():
            assert running.poll() is None
        running.send_signal(signal.SIGTERM)
        _, said = running.communicate(timeout=60)
    assert running.returncode == 130 and "what was served is served on" in said
    assert [path.name for path in (server.folder / "tmp").iterdir()] == ["copying"] and server.live() == {}


def test_odd_files_of_others_are_left_alone(server):
    server.build(OLD).deploy()
    odd = ["a\nb", "-rf", "$(id)", "`id`", "a b", "'", '"', "*", "mac/x;y", "b/other", ".hidden", "b/-n", "\u017e"]
    for name in odd:
        (server.http / name).write_text("mine")
        (server.tftp / name.replace("/", "_")).write_text("mine")
    before = server.live()
    assert server.build(NEW).deploy().returncode == 0
    assert {path for path, data in server.live().items() if data == b"mine"} == {
        path for path, data in before.items() if data == b"mine"}


def test_a_root_with_odd_characters_stays_what_it_is(server):
    server.http = server.folder / "srv" / "it's $(a) `b` *"
    server.http.mkdir()
    assert server.build().deploy().returncode == 0
    assert leads_to(NEW, server.pointer()) and not (server.folder / "srv" / "http" / "b").exists()


@pytest.mark.parametrize("place", ["mac", "b"])
def test_a_link_in_the_place_of_a_folder_is_not_followed(server, place):
    (server.folder / "elsewhere").mkdir()
    (server.http / place).symlink_to(server.folder / "elsewhere")
    done = server.build().deploy()
    assert done.returncode == 1 and f"{server.http}/{place} is a link" in done.stderr
    assert list((server.folder / "elsewhere").iterdir()) == []


def test_a_link_in_the_place_of_a_pointer_is_replaced(server):
    victim = server.folder / "victim"
    victim.write_text("mine")
    (server.http / IPXE).parent.mkdir(parents=True)
    (server.http / IPXE).symlink_to(victim)
    (server.http / IPXE).with_name(".boot.ipxe.pinboot-new").symlink_to(victim)
    assert server.build().deploy().returncode == 0
    assert victim.read_text() == "mine" and not (server.http / IPXE).is_symlink() and leads_to(NEW, server.pointer())


@pytest.mark.parametrize("kind", ["http", "tftp"])
def test_a_missing_root_is_told(server, kind):
    server.build()
    root = getattr(server, kind)
    root.rmdir()
    done = server.deploy()
    assert done.returncode == 5 and f"there is no folder {root}" in done.stderr and f"--{kind} DIR" in done.stderr


def test_a_full_disk_is_told_and_leaves_the_old_state(server):
    server.build(OLD).deploy()
    before = server.live()
    server.hide("rsync")
    server.fake("cp", "#!/bin/dash\nexit 1\n")
    done = server.build(NEW).deploy()
    assert done.returncode == 1 and "is there room?" in done.stderr and server.live() == before
    assert TOKEN not in done.stderr


def test_an_rsync_that_breaks_off_is_gone_on_with(server):
    server.build(OLD).deploy("root@web.example")
    before = server.live()
    server.fake("rsync", "#!/bin/dash\nexit 12\n")
    done = server.build(NEW).deploy("root@web.example")
    assert done.returncode == 1 and "rsync ended with exit code 12" in done.stderr and server.live() == before


def test_a_server_is_not_asked_twice_for_the_same_data(server):
    server.build().deploy("root@web.example")
    real = shutil.which("rsync")
    server.fake("rsync", f'#!/bin/dash\nfor word; do case $word in --files-from=*) cp "${{word#*=}}" {server.folder}/list ;;'
                         f' esac; done\nexec {real} "$@"\n')
    assert server.deploy("root@web.example").returncode == 0
    carried = (server.folder / "list").read_text()
    assert f"/b/{NEW}/" not in carried and f"http/{IPXE}" in carried


def test_two_at_a_time_take_turns(server):
    need("flock", "util-linux")
    server.build().deploy()
    lock = server.http / ".pinboot" / "lock"
    with subprocess.Popen(["flock", lock, "sh", "-c", "echo held; read line"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        with subprocess.Popen(server.command("--retire", "web1"), env=server.environment, stdout=subprocess.PIPE,
                              text=True) as running:
            assert running.stdout.readline().startswith("waiting         another deploy.sh")
            assert LOCAL not in server.pointer()
            other.communicate("go\n", timeout=30)
            running.communicate(timeout=60)
    assert running.returncode == 0 and LOCAL in server.pointer()


@pytest.mark.parametrize(("arguments", "message"), [
    (("web.example",), "error: web.example is no USER@SERVER\n"),
    (("a@b", "c@d"), "error: one server, not a@b and c@d\n"),
    (("--force",), "error: unknown option --force\n"),
    (("--retire",), "error: --retire: which machines?\n"),
    (("--retire", "web1", "--arm", "web2"), "error: --retire or --arm, once\n"),
    (("--retire", "web9"), "error: this bundle has no machine web9\nhint:  it has: web1 web2 \n"),
    (("--retire", "web1", "*"), "a machine's name has only a-z, 0-9, dots and dashes"),
    (("--retire", "web"), "error: this bundle has no machine web\n"),
    (("--http", "srv"), "error: srv is no absolute path\n"),
    (("--http", "/"), "error: / is no root for a server\n"),
    (("--tftp", "/srv/../etc"), "error: /srv/../etc goes back up\n"),
    (("--tftp", "/srv/a\nb"), "error: a folder's name holds a control character\n"),
    (("--tftp",), "error: --tftp needs a value\n"),
    (("--group", "a b"), "error: a b is no group\n"),
    (("--http", "/srv/a b", "root@web.example"), "error: /srv/a b: only letters, digits"),
])
def test_a_wrong_command_line_is_told_with_what_would_be_right(server, arguments, message):
    done = server.build().deploy(*arguments)
    assert done.returncode == 2 and message in done.stderr and server.live() == {}
    assert not (server.folder / "calls").exists()


@pytest.mark.parametrize("text", [text for text in HOSTILE if "\0" not in text and "\ud800" not in text][::12])
def test_a_hostile_word_is_refused_or_stays_one_word(server, text):
    server.build()
    for words in ([f"{text}@web.example"], [f"root@{text}"], ["--retire", text], ["--group", text]):
        done = server.deploy("--dry-run", *words)
        calls = (server.folder / "calls").read_text().splitlines() if (server.folder / "calls").exists() else []
        assert done.returncode == 2 or calls == [f"-- {words[0]} sh '-s' '--' '--look' '--http' '{server.http}' '--tftp' "
                                                 f"'{server.tftp}'"] or (words[0] == "--group" and text.isalnum())
        (server.folder / "calls").unlink(missing_ok=True)


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_reads_the_script(tmp_path, shell):
    need(SHELLS[shell][0], shell)
    Server(tmp_path).build()
    assert subprocess.run([*SHELLS[shell], "-n", tmp_path / "out" / "deploy.sh"]).returncode == 0


def test_shellcheck_finds_nothing(server):
    server.build()
    done = subprocess.run([need("shellcheck", "shellcheck"), "-s", "sh", server.folder / "out" / "deploy.sh"],
                          capture_output=True, text=True)
    assert done.stdout == ""


def scripts(identity, pointers):
    """deploy.sh and the texts of its pointers."""
    return (deploy.script(identity, [(pointer.host, pointer.path) for pointer in pointers]),
            *(text for pointer in pointers for text in deploy.texts(pointer)))


def a_pointer(**changes):
    return deploy.Pointer(**{"host": "web1", "path": f"http/{IPXE}", "install": "#!ipxe\n",
                             "local": f"#!ipxe\n# web1{deploy.MARK}\nexit\n", **changes})


def accepted(make, texts):
    """The scripts that are made of these texts; for all others ValueError is raised."""
    for text in texts:
        try:
            yield text, make(text).text
        except ValueError:
            continue


@pytest.mark.parametrize(("make", "said", "fits"), [
    (lambda text: deploy.script(text, []), 'printf "%s\n" "$bundle"', "{}"),
    (lambda text: deploy.script(NEW, [], http=text), 'printf "%s\n" "$http"', "{}"),
    (lambda text: deploy.script(NEW, [], tftp=text), 'printf "%s\n" "$tftp"', "{}"),
    (lambda text: deploy.script(NEW, [("web1", f"http/mac/{text}")]), "pointers", "web1 http/mac/{}"),
    (lambda text: deploy.script(NEW, [("web1", f"tftp/{text}/x")]), "pointers", "web1 tftp/{}/x"),
    (lambda text: deploy.script(NEW, [(text, f"http/{IPXE}")]), "pointers", f"{{}} http/{IPXE}"),
], ids=["id", "http", "tftp", "file", "folder", "host"])
def test_a_hostile_or_odd_word_is_refused_or_read_back_by_a_shell_as_itself(make, said, fits):
    found = list(accepted(make, (*HOSTILE, *ODD, "/srv/a", "5f2c91ab")))
    assert found
    for text, script in found:
        head = script.partition("\nmode=deploy")[0]
        done = subprocess.run(["dash", "-c", f"{head}\n{said}"], capture_output=True, text=True, check=True)
        assert done.stdout == fits.format(text) + "\n"


@pytest.mark.parametrize(("changes", "message"), [
    ({"host": "Web1"}, 'host: "Web1" is not in lower case'),
    ({"path": f"http/b/{NEW}/x"}, "is no place for a pointer"),
    ({"path": "private/x"}, "is no place for a pointer"),
    ({"path": "http/../x"}, "is no place for a pointer"),
    ({"local": "#!ipxe\nexit\n"}, "only the text for the own disk says"),
    ({"install": f"# web1{deploy.MARK}"}, "only the text for the own disk says"),
])
def test_a_pointer_that_could_be_mistaken_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        a_pointer(**changes)


def test_two_pointers_of_one_path_are_refused():
    with pytest.raises(ValueError, match="two pointers have one path"):
        deploy.script(NEW, [("web1", f"http/{IPXE}"), ("web2", f"http/{IPXE}")])
