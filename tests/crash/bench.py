"""A folder as a user has it, a mirror that may go on, and what must hold in the folder whatever happened to a command."""

import copy
import hashlib
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from builder.demo import tree
from builder.media import verify
from tests.golden.bench import Mirror
from tests.golden.conftest import CENTOS, CENTOS_PROFILE

ROOT = Path(__file__).resolve().parents[2]
NEVER = 1 << 30


@dataclass(frozen=True)
class Ran:
    code: int
    calls: int
    out: str
    err: str


class Children:
    """Runs commands in children that may be told to die (tests.crash.children)."""

    def __init__(self, logs):
        self.logs = logs
        self.spooling = False
        self.process = subprocess.Popen([sys.executable, "-m", "tests.crash.children"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, cwd=ROOT)

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()

    def run(self, cwd, *argv, at=0, number=signal.SIGKILL, plain=False, fsize=0):
        out, err = self.logs / "out", self.logs / "err"
        self.process.stdin.write(json.dumps({
            "cwd": str(cwd), "argv": argv, "at": at, "signal": number, "plain": plain, "fsize": fsize, "out": str(out),
            "spooling": self.spooling,
            "err": str(err), "env": environment()}) + "\n")
        self.process.stdin.flush()
        told = json.loads(self.process.stdout.readline())
        return Ran(told["code"], told["calls"], out.read_text(), err.read_text())

    def as_if_large(self):
        """Children for which the texts of any bundle are too many for memory."""
        made = copy.copy(self)
        made.spooling = True
        return made

    def good(self, cwd, *argv, **how):
        ran = self.run(cwd, *argv, **how)
        assert ran.code == 0, ran
        return ran


def environment():
    """Of this process, where a Mirror has set itself as the proxy."""
    return {**{name: os.environ.get(name, "") for name in ("http_proxy", "https_proxy", "no_proxy")},
            "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


def start(cwd, *argv):
    """A command in an interpreter of its own."""
    return subprocess.Popen([sys.executable, "-m", "builder.cli", *argv], cwd=cwd, text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, env={**os.environ, **environment()})


LOCK = ("lock", "web.toml", "--store", "store")
UPDATE = (*LOCK, "--update")
BUILD = ("build", "web.toml", "--store", "store")
IMPORT = ("store", "import", "web.tar", "--store", "store", "-o", "web.lock")
EXPORT = ("store", "export", "web.lock", "--store", "store", "-o", "web.tar")
CHANGED = CENTOS_PROFILE.replace("2 GiB", "3 GiB")
OLDER, NEWER = tree.centos7(seed="older"), tree.centos7(seed="newer")


def mirror():
    return Mirror({CENTOS: OLDER})


@dataclass(frozen=True)
class Scene:
    """A command, and the folder before it: `steps` made it, from `older`; the mirror serves `tree` from then on."""

    argv: tuple
    steps: tuple = ()
    tree: dict | None = None
    profile: str = ""  # the profile that the command meets, where it is another one
    without: tuple = ()  # what is removed before the command
    large: bool = False  # the texts of a bundle go through a file


SCENES = {
    "lock": Scene(LOCK),
    "lock --update": Scene(UPDATE, (LOCK,), NEWER),
    "build of a new bundle, fetching": Scene(BUILD, (LOCK,), without=("store",)),
    "build over an older bundle": Scene(BUILD, (LOCK, BUILD), profile=CHANGED),
    "build of a tar over an older one": Scene((*BUILD, "-o", "web.tar"), (LOCK, (*BUILD, "-o", "web.tar")),
                                              profile=CHANGED),
    "build of a large bundle": Scene(BUILD, (LOCK, BUILD), profile=CHANGED, large=True),
    "store import": Scene(IMPORT, (LOCK, EXPORT), without=("store", "web.lock")),
    "store export over an older one": Scene(EXPORT, (LOCK, EXPORT, UPDATE), NEWER),
    "store gc": Scene(("store", "gc", "--store", "store"), (LOCK,)),
}


class Stage:
    """A scene ready to be played again and again: `before` and `after` an undisturbed run are known."""

    def __init__(self, scene, folder, children, running):
        self.scene = scene
        self.children = children.as_if_large() if scene.large else children
        self.template = folder / "template"
        self.work = folder / "work"
        self.mirror = running
        self._prepare()
        self.before = snapshot(self.template)
        self.reset()
        self.whole = self.children.good(self.work, *scene.argv, at=NEVER)
        self.after = snapshot(self.work)

    def _prepare(self):
        scene, folder, running = self.scene, self.template, self.mirror
        folder.mkdir()
        (folder / "web.toml").write_text(CENTOS_PROFILE)
        running.trees[CENTOS] = OLDER
        for argv in scene.steps:
            if argv == UPDATE:
                running.trees[CENTOS] = NEWER
            self.children.good(folder, *argv)
        if scene.profile:
            (folder / "web.toml").write_text(scene.profile)
        for name in scene.without:
            path = folder / name
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def reset(self):
        self.mirror.trees[CENTOS] = self.scene.tree or OLDER
        shutil.rmtree(self.work, ignore_errors=True)
        shutil.copytree(self.template, self.work, symlinks=True)

    def holds(self):
        """Nothing wrong bears a final name."""
        sound_store(self.work / "store")
        found = snapshot(self.work)
        for name in ("web.lock", "web.tar"):
            assert found.get(name) in (self.before.get(name), self.after.get(name)), name
        bundles = [inside(each, "out/web") for each in (self.before, self.after)]
        assert inside(found, "out/web") in bundles, "out/web is neither the old nor the new bundle"
        if inside(found, "out/web"):
            assert verify.verify(self.work / "out/web").ok

    def completes(self):
        """The same command again ends as if nothing had happened, and leaves nothing of the first try behind."""
        self.children.good(self.work, *self.scene.argv)
        found = snapshot(self.work)
        assert sorted(found) == sorted(self.after)
        assert found == self.after


def snapshot(folder):
    """Path -> kind, mode and digest, of everything but the store's locks; and the bundle's times."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name, status = path.relative_to(folder).as_posix(), path.lstat()
        if name.startswith("store/locks") or (name.startswith("store/") and stat.S_ISDIR(status.st_mode)):
            continue
        kind = stat.S_IFMT(status.st_mode)
        content = hashlib.sha256(path.read_bytes()).hexdigest() if stat.S_ISREG(kind) else ""
        when = int(status.st_mtime) if name.startswith("out/web") else 0
        found[name] = (kind, stat.S_IMODE(status.st_mode), content, when)
    return found


def temporary(folder):
    """What no command may leave behind that could still clean up."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*")
                  if p.name.startswith(".") or p.parent.name == "tmp")


def inside(found, folder):
    return {name: what for name, what in found.items() if name == folder or name.startswith(f"{folder}/")}


def sound_store(store):
    """Every object holds the bytes that its name says, and may not be written."""
    for path in store.glob("objects/sha256/*/*"):
        assert path.parent.name + path.name == hashlib.sha256(path.read_bytes()).hexdigest(), path
        assert path.stat().st_mode & 0o777 == 0o444
    if (store / "version").exists():
        assert (store / "version").read_bytes() == b"1\n"
