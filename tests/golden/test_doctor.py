"""`pinboot doctor` on this machine, and on one where things are missing."""

import json
import os
import subprocess
import sys

from tests.golden.bench import pinboot


def test_it_says_what_is_here_in_80_columns(tmp_path):
    ran = pinboot("doctor", "--store", tmp_path / "store")
    assert ran.code == 0 and ran.err == "" and ran.out.isascii() and max(map(len, ran.out.splitlines())) <= 80
    assert ran.out.startswith("pinboot    ") and "libraries  all 10 that it needs" in ran.out
    assert "umask " in ran.out and "terminal " in ran.out and "guests of Xen, in dom0" in ran.out
    assert not (tmp_path / "store").exists()


def test_as_json_it_names_every_library_and_program(tmp_path):
    told = json.loads(pinboot("doctor", "--json", "--store", tmp_path).out)
    assert told["ok"] is True
    libraries = {each["name"]: each for each in told["libraries"]}
    assert libraries["msgspec"]["required"] and libraries["msgspec"]["version"] and not libraries["lz4"]["required"]
    assert {each["name"] for each in told["tools"]} >= {"ssh-keygen", "xl", "nginx"}


def run(code, *words, **environment):
    return subprocess.run([sys.executable, "-c", f"import sys\n{code}\nfrom builder.cli.main import main\nsys.exit(main(sys.argv[1:]))",
                           "doctor", *words], capture_output=True, text=True, timeout=60, env={**os.environ, **environment})


def test_programs_that_are_missing_are_no_error_and_say_where_to_get_them(tmp_path):
    done = run("", "--store", tmp_path, PATH=str(tmp_path))
    assert done.returncode == 0 and "ssh-keygen    not here" in done.stdout and "openssh-client" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_a_library_that_pinboot_needs_and_that_is_missing_is_exit_5(tmp_path):
    done = run("sys.modules['jinja2'] = None", "--store", tmp_path)
    assert done.returncode == 5 and "jinja2 is not here: kickstarts and templates" in done.stdout
    assert "hint: pip install jinja2" in done.stdout and "1 error" in done.stdout
    done = run("sys.modules['pysequoia'] = None", "--store", tmp_path)
    assert done.returncode == 0 and "pysequoia is not here" in done.stdout and "pip install 'pinboot[signatures]'" in done.stdout


def test_a_store_that_cannot_be_used_is_exit_5(tmp_path):
    (tmp_path / "file").write_text("")
    ran = pinboot("doctor", "--store", tmp_path / "file")
    assert ran.code == 5 and "cannot be written" in ran.out and "--store" in ran.out


def test_odd_locales_umasks_and_encodings_are_named(tmp_path):
    done = run("import os; os.umask(0o700)", "--store", tmp_path, LC_ALL="xx_XX.UTF-8")
    assert done.returncode == 0 and "'xx_XX.UTF-8' is not on this machine" in done.stdout and "umask      0700" in done.stdout
    done = run("", "--store", tmp_path, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert done.returncode == 0 and done.stdout.isascii() and "letters beyond it show as" in done.stdout
    done = run("import time; time.time = lambda: 1000.0", "--store", tmp_path)
    assert done.returncode == 0 and "1970-01-01: wrong" in done.stdout and "set the clock" in done.stdout
