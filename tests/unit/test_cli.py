"""The door: help that fits, exit codes, nothing heavy loaded for nothing, no traceback."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from builder.cli import printing
from builder.cli.main import main
from builder.cli.options.parse import COMMANDS
from builder.demo import profiles
from builder.errors import UsageError
from builder.finding import Finding, Severity

HEAVY = {"requests", "urllib3", "jinja2", "pykickstart", "pycdlib", "tqdm", "msgspec", "productmd", "tomllib"}


def run(*arguments, cwd=None, **environment):
    return subprocess.run([sys.executable, "-m", "builder.cli", *arguments], capture_output=True, text=True, cwd=cwd,
                          env={**os.environ, "COLUMNS": "80", **environment}, timeout=60)


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name, *_ in COMMANDS)],
                         ids=" ".join)
def test_the_help_fits_80_columns(arguments):
    done = run(*arguments)
    assert done.returncode == 0 and done.stderr == ""
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_help_loads_no_heavy_library():
    code = ("import sys; from builder.cli.main import main\n"
            "try: main(['--help'])\nexcept SystemExit: pass\n"
            "print(*sorted({m.partition('.')[0] for m in sys.modules}), file=sys.stderr)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(done.stderr.split())


@pytest.mark.parametrize("arguments", [["frob"], [], ["lock"], ["build", "x", "--frob"], ["build", "x", "--lock"]])
def test_a_wrong_command_line_is_exit_2_with_a_hint(arguments, capsys):
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ") and "hint:" in said and "Traceback" not in said


def test_an_unknown_profile_names_the_closest_one(capsys):
    assert main(["check", "centos-7-xn"]) == 2
    assert "did you mean centos-7-xen" in capsys.readouterr().err


def test_init_writes_a_profile_once(tmp_path):
    first = run("init", "web1", cwd=tmp_path, HOME=str(tmp_path))
    assert first.returncode == 0 and "profiles/web1.toml written" in first.stdout
    assert "No ssh key was found" in first.stdout
    again = run("init", "web1", cwd=tmp_path)
    assert again.returncode == 2 and "is there already; it was not touched" in again.stderr
    assert 'release  = "centos-7.9.2009"' in (tmp_path / "profiles/web1.toml").read_text()


def test_init_takes_the_key_that_the_user_has(tmp_path):
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/id_rsa.pub").write_text(f"{profiles.public_key('ssh-rsa')}\n")
    done = run("init", "web1", cwd=tmp_path, HOME=str(tmp_path))
    assert "No ssh key" not in done.stdout
    assert 'ssh_keys = ["file:~/.ssh/id_rsa.pub"]' in (tmp_path / "profiles/web1.toml").read_text()


def test_init_refuses_a_name_that_is_no_name(tmp_path):
    assert run("init", "a b", cwd=tmp_path).returncode == 2
    assert run("init", cwd=tmp_path).returncode == 2
    assert run("init", "x", "--preset", "nope", cwd=tmp_path).returncode == 2


def test_init_lists_the_starters():
    done = run("init", "--list")
    assert done.returncode == 0 and "centos-7-xen-netbsd" in done.stdout


def test_a_closed_stdout_is_no_traceback():
    command = f"{sys.executable} -m builder.cli init --list | true"
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True)
    assert "Traceback" not in done.stderr and "Exception" not in done.stderr


def test_findings_stand_in_80_columns_with_the_verdict_on_the_right():
    found = [
        Finding(topic="tree", severity=Severity.NOTE, text="http://ftp.example/centos/7/os/x86_64   404, moved"),
        Finding(topic="tree", severity=Severity.OK, text="https://vault.centos.org/7.9.2009/os/x86_64"),
        Finding(topic="release", severity=Severity.ERROR, text="another release " * 8, expected="9", found="10",
                hint="set release " * 12)]
    lines = list(printing.findings(found))
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith("tree       http") and lines[1].startswith("           https")
    assert lines[1].endswith("  ok") and any(line.endswith("error") for line in lines)
    assert printing.counts(found) == "1 error, 0 warnings"


@pytest.mark.parametrize(("count", "text"), [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 kB"), (61_400_000, "61 MB"),
                                             (2_340_000_000, "2.3 GB")])
def test_sizes_for_people(count, text):
    assert printing.size(count) == text


def test_json_is_written_as_it_is_made_and_reads_as_in_one_piece(monkeypatch):
    written = []
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(write=written.append, encoding="ascii"))
    value = {"files": [{"path": f"f\u00fcr/{number}", "size": number} for number in range(10_000)], "a": []}
    printing.as_json(value)
    assert "".join(written) == json.dumps(value, indent=2, sort_keys=True) + "\n"
    assert max(map(len, written)) < 64 << 10


def test_an_error_shows_message_and_hint(capsys):
    printing.error(UsageError("web.toml: 1 mistake\n  line 1", "first\nsecond"))
    assert capsys.readouterr().err == "error: web.toml: 1 mistake\n  line 1\nhint:  first\n       second\n"


def test_the_list_of_starters_fits_80_columns():
    assert max(map(len, run("init", "--list").stdout.splitlines())) <= 80
