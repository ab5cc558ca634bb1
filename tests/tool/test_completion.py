"""The completion scripts in the shells that they are for: what they offer, in the folder of a user."""

import os
import pty
import select
import subprocess
import time

import pytest

from builder.cli.manual import completion
from builder.cli.options.parse import COMMANDS, parser
from tests.tool.tools import need

SHELLS = ("bash", "zsh", "fish")
# Names that must never be read as anything but names.
HOSTILE = ("$(touch pwned).toml", "`touch pwned`.toml", "; touch pwned;.toml", "a b.toml")


@pytest.fixture
def desk(tmp_path):
    """A folder with two profiles, one of them in profiles/, and three hosts."""
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles/web1.toml").write_text("[host.alpha]\n[host.beta]\ndisk = 1\n[host.beta.interface.x]\n")
    (tmp_path / "top.toml").write_text("[host.gamma]\n")
    (tmp_path / "top.lock").write_text("")
    for name in HOSTILE:
        (tmp_path / "profiles" / name).write_text("[host.$(touch pwned)]\n")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/pinboot").write_text('#!/bin/sh\nprintf "<%s>" "$@"\necho end\n')
    (tmp_path / "bin/pinboot").chmod(0o755)
    (tmp_path / "functions").mkdir()
    for path, shell in (("script.bash", "bash"), ("functions/_pinboot", "zsh"), ("script.fish", "fish")):
        (tmp_path / path).write_text(completion.script(parser(), shell))
    return tmp_path


def environment(desk):
    return {"PATH": f"{desk}/bin:{os.environ['PATH']}", "HOME": str(desk), "LC_ALL": "C.UTF-8", "TERM": "dumb"}


def bash(desk, *words):
    """What bash would offer for the last word, asked as readline asks (bash(1), Programmable Completion)."""
    program = ('source ./script.bash; complete -p pinboot > registered; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()\n'
               '_shtab_pinboot pinboot "${@: -1}" ""; [ ${#COMPREPLY[@]} = 0 ] || printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run([need("bash", "bash"), "--norc", "-c", program, "bash", "pinboot", *words], cwd=desk, env=environment(desk),
                          capture_output=True, text=True, timeout=30, check=True)
    assert (desk / "registered").read_text().startswith("complete ")
    return done.stdout.splitlines()


def fish(desk, *words):
    line = " ".join(("pinboot", *words))
    done = subprocess.run([need("fish", "fish"), "--no-config", "-c", f"source script.fish; complete -C '{line}'"], cwd=desk,
                          env=environment(desk), capture_output=True, text=True, timeout=30, check=True)
    return [offered.partition("\t")[0] for offered in done.stdout.splitlines()]


def zsh(desk, *words):
    """What zsh lists in a terminal when Tab is typed behind the words."""
    tool, (child, master) = need("zsh", "zsh"), pty.fork()
    if child == 0:
        os.chdir(desk)
        os.execve(tool, [tool, "-f", "-i"], {**environment(desk), "COLUMNS": "200"})
    try:
        said(master, b"PROMPT='> '; fpath=($PWD/functions $fpath); autoload -Uz compinit && compinit -u -D; setopt nobeep\n")
        said(master, b"LISTMAX=500; echo rea''dy\n", b"ready")
        said(master, " ".join(("pinboot", *words)).encode())
        completed = said(master, b"\t\t")
        # The line as it stands then, run by a pinboot that says its arguments.
        return (completed + said(master, b"\n", b"end\r\n")).decode()
    finally:
        os.close(master)
        os.waitpid(child, 0)


def said(master, keys, until=b""):
    """Type, and what the terminal shows until nothing more comes."""
    os.write(master, keys)
    seen, end = b"", time.monotonic() + 20
    while time.monotonic() < end:
        if select.select([master], [], [], 0.5)[0]:
            seen += os.read(master, 65536)
        elif until in seen:
            break
    return seen


ASK = {"bash": bash, "fish": fish}


@pytest.mark.tool
@pytest.mark.parametrize("shell", ASK)
@pytest.mark.parametrize(("words", "offered"), [
    (("che",), {"check"}), (("store", "ex"), {"export"}), (("build", "web1", "--lo"), {"--locked", "--low-speed"}),
    (("init", "x", "--preset", "centos-7"), {"centos-7-xen", "centos-7-xen-netbsd"}), (("check", "we"), {"web1"}),
    (("check", "top"), {"top.toml"}), (("check", "profiles/we"), {"profiles/web1.toml"}),
    (("build", "web1", "--host", ""), {"alpha", "beta", "gamma"}), (("store", "gc", "t"), {"top.lock"}),
    (("completion", ""), set(SHELLS)), (("explain", "eviden"), {"evidence"}), (("explain", "storage.la"), {"storage.layout"}),
    (("hash-password", "--release", "rocky-1"), {"rocky-10"}), (("diff", "top.lock", "we"), {"web1"}),
    (("show", "to"), {"top.lock", "top.toml"}), (("ks", "check", "my.ks", "--release", "alma-1"), {"alma-10"}),
])
def test_a_shell_offers_what_may_stand_there(desk, shell, words, offered):
    assert set(ASK[shell](desk, *words)) == offered


@pytest.mark.tool
@pytest.mark.parametrize("shell", ASK)
def test_a_shell_offers_every_command(desk, shell):
    assert {name for name, *_ in COMMANDS} <= set(ASK[shell](desk, ""))


@pytest.mark.tool
@pytest.mark.parametrize(("words", "shown"), [
    (("explain", "eviden"), "evidence"), (("build", "web1", "--host", "al"), "alpha"), (("store", "gc", "to"), "top.lock"),
    (("check", "we"), "web1"), (("init", "x", "--preset", "rocky-8"), "rocky-8-xen"), (("build", "web1", "--lock"), "--locked"),
])
def test_zsh_completes_in_a_terminal(desk, words, shown):
    assert f"<{shown}>" in zsh(desk, *words)


@pytest.mark.tool
@pytest.mark.parametrize("shell", SHELLS)
def test_names_of_files_are_never_run(desk, shell):
    ask = {**ASK, "zsh": zsh}[shell]
    for words in (("check", ""), ("check", "profiles/"), ("build", "web1", "--host", ""), ("store", "gc", "")):
        ask(desk, *words)
    assert not (desk / "pwned").exists() and not (desk / "profiles/pwned").exists()
