"""`pinboot demo`: the whole job on small trees made on the spot, then four attacks being caught."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from builder.cli import main, printing
from builder.demo import profiles, serve, tree
from builder.demo.openpgp import Signer
from builder.errors import BYTES_DIFFER, CHECK_FAILED, OK, UsageError

Say = Callable[[str], None]
STOPPED = {code: number for number, (code, _) in main.STOPPED.items()}
KERNEL, OLD_KERNEL = "3.10.0-1160.el7.x86_64", "3.10.0-862.el7.x86_64"


def run(chosen: argparse.Namespace) -> int:
    """Every step must end with the exit code that the demo promises; else the demo itself fails."""
    with _workspace(chosen.keep) as folder, _silenced(quiet=chosen.quiet or chosen.json):
        results = _steps(folder, quiet=chosen.quiet or chosen.json)
    wrong = [step for step in results if step["exit"] != step["expected"]]
    if chosen.json:
        printing.as_json({"ok": not wrong, "steps": results})
    for step in wrong:
        printing.story(f"error: the demo's step `{step['command']}` ended with {step['exit']}, not {step['expected']}")
    return CHECK_FAILED if wrong else OK


def _steps(folder: Path, *, quiet: bool) -> list[dict[str, object]]:
    say: Say = _nothing if quiet else printing.out
    signer = Signer("pinboot demo")
    trees = _mirror(signer)
    results: list[dict[str, object]] = []
    with serve.serve(trees) as mirror:
        for name, text in (("centos", profiles.centos), ("rocky", profiles.rocky)):
            (folder / f"{name}.toml").write_text(text(mirror, signer.fingerprint))
        say(f"A mirror with two small install trees is served at {mirror}.")
        say("Their kernels, initrds, packages, images and signatures are true to format;")
        say(f"they install nothing. The key that signs them: {signer.fingerprint}")

        def pinboot(words: str, expected: int) -> None:
            say(f"\n$ pinboot {words}")
            extra = ["--store", "store"] if words.split(maxsplit=1)[0] != "verify" else []
            code = main.main([*words.split(), *extra, *(["--quiet"] if quiet else [])])
            if code in STOPPED:
                signal.raise_signal(STOPPED[code])  # the step was stopped: so is the demo
            results.append({"command": words, "exit": code, "expected": expected})

        for name in ("centos", "rocky"):
            for words in (f"check {name}.toml", f"lock {name}.toml", f"build {name}.toml", f"verify out/{name}"):
                pinboot(words, OK)
        _contents(folder / "out" / "centos", say)
        say("\n--- A tampered initrd: one bit of the mirror's file is changed ---")
        rocky = trees[profiles.ROCKY]
        path = f"{tree.BASEOS}/{tree.INITRD}"
        rocky[path] = tree.tampered(rocky[path])
        pinboot("lock rocky.toml", BYTES_DIFFER)
        say("\n--- The kernel of one build in the tree of another ---")
        trees[profiles.CENTOS] = tree.centos7(kernel=OLD_KERNEL, initrd_kernel=KERNEL, package_kernel=KERNEL,
                                              signer=signer)
        pinboot("lock centos.toml", CHECK_FAILED)
        say("\n--- Same kernel version, other bytes: not the kernel of the signed package ---")
        trees[profiles.CENTOS] = {**tree.centos7(signer=signer), tree.KERNEL: tree.centos7(seed="evil")[tree.KERNEL]}
        pinboot("lock centos.toml", CHECK_FAILED)
        say("\n--- A mirror without signatures, offered as an update ---")
        trees[profiles.CENTOS] = tree.centos7(treeinfo="1603729577")
        del trees[profiles.CENTOS_ISOS]["sha256sum.txt.asc"]
        pinboot("lock --update centos.toml", CHECK_FAILED)
        say(f"\nAll four were caught, and what was locked and built before stands.\n"
            f"Your turn: pinboot init web1, edit it, then check, lock and build it.{_kept(folder)}")
    return results


def _mirror(signer: Signer) -> dict[str, dict[str, bytes]]:
    """What the server has by its places: trees, and beside them boot images and keys."""
    centos, rocky = tree.centos7(signer=signer), tree.el9(signer=signer)
    return {profiles.CENTOS: centos, profiles.CENTOS_ISOS: tree.isos(centos, "CentOS", "7.9.2009", signer),
            profiles.ROCKY: rocky, profiles.ROCKY_KEYS: tree.keys("Rocky Linux", "9.6", signer)}


def _kept(folder: Path) -> str:
    return f"\nEverything that the demo made is in {folder}." if folder.name != "demo" else ""


def _nothing(text: str = "") -> None:
    return None


def _contents(bundle: Path, say: Say) -> None:
    say("\nWhat is in out/centos:")
    for path in sorted(p for p in bundle.rglob("*") if p.is_file()):
        say(f"  {path.relative_to(bundle).as_posix():<38} {printing.size(path.stat().st_size):>12}")
    say("\nWhat to do next (out/centos/NEXT-STEPS.txt says it in full): copy it to dom0,")
    say("then there: sh up.sh centos. It verifies, makes the disk, installs, starts.")


@contextlib.contextmanager
def _workspace(keep: str | None) -> Iterator[Path]:
    """An empty folder that the demo works in, and stays in while it lasts."""
    before = Path.cwd()
    with contextlib.ExitStack() as stack:
        if keep:
            folder = Path(keep).absolute()
            if folder.exists() and any(folder.iterdir()):
                raise UsageError(f"--keep {keep}: is not empty", "name a new folder")
            folder.mkdir(parents=True, exist_ok=True)
        else:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pinboot-"))) / "demo"
            folder.mkdir()
        os.chdir(folder)
        try:
            yield folder
        finally:
            os.chdir(before)


@contextlib.contextmanager
def _silenced(*, quiet: bool) -> Iterator[None]:
    """With --quiet and --json the steps run all the same, and only the verdict is told."""
    if not quiet:
        yield
        return
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere), \
            contextlib.redirect_stderr(nowhere):
        yield
