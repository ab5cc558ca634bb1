"""What only a real process shows: bars on a terminal, silence off it, signals, installs."""

import fcntl
import os
import pty
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import time
import zipfile
from pathlib import Path

import pytest

from builder.demo import profiles, serve, tree
from tests.golden.conftest import CENTOS_PROFILE

ROOT = Path(__file__).resolve().parents[2]


def in_terminal(arguments, cwd):
    """Run pinboot with stderr on a terminal of 80 columns; returns (exit code, stdout, what the terminal got)."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen([sys.executable, "-m", "builder.cli", *arguments], cwd=cwd, stdout=subprocess.PIPE,
                               stderr=slave, text=True, env={**os.environ, "COLUMNS": "80", "TERM": "xterm"})
    os.close(slave)
    seen = b""
    while True:
        if select.select([master], [], [], 0.1)[0]:
            try:
                piece = os.read(master, 65536)
            except OSError:
                break
            seen += piece
        elif process.poll() is not None:
            break
    out = process.communicate()[0]
    os.close(master)
    return process.returncode, out, seen.decode(errors="replace")


def test_a_terminal_sees_bytes_rate_and_file_and_a_pipe_sees_none(work):
    with serve.serve({profiles.CENTOS: tree.centos7()}) as mirror:
        Path("centos.toml").write_text(profiles.centos(mirror))
        code, out, seen = in_terminal(["lock", "centos.toml"], work)
        assert code == 0 and "centos.lock written" in out
        assert "images/pxeboot/vmlinuz" in seen and "B/s" in seen and "%" in seen
        code, _, seen = in_terminal(["build", "centos.toml"], work)
        assert code == 0 and "verifying" in seen
        quiet = in_terminal(["lock", "centos.toml", "--quiet"], work)
        assert quiet[0] == 0 and quiet[2] == ""
        piped = subprocess.run([sys.executable, "-m", "builder.cli", "lock", "centos.toml"], cwd=work, text=True,
                               capture_output=True)
        assert piped.returncode == 0 and "B/s" not in piped.stderr and "\r" not in piped.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_a_stalled_fetch_within_two_seconds_and_leaves_nothing_behind(work, number, code):
    with socket.create_server(("127.0.0.1", 0)) as server:
        connected = threading.Event()

        def stall():
            held = []
            while True:
                try:
                    held.append(server.accept()[0])
                except OSError:
                    return
                held[-1].sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n[general]\n")
                connected.set()

        threading.Thread(target=stall, daemon=True).start()
        address = f"http://127.0.0.1:{server.getsockname()[1]}/tree"
        Path("x.toml").write_text(CENTOS_PROFILE.replace("http://mirror.example/centos/7/os/x86_64", address))
        process = subprocess.Popen([sys.executable, "-m", "builder.cli", "lock", "x.toml", "--store", "store"], cwd=work,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert connected.wait(20)
        time.sleep(0.3)
        started = time.monotonic()
        process.send_signal(number)
        _, err = process.communicate(timeout=10)
        assert time.monotonic() - started < 2
    assert process.returncode == code and "run the same command again" in err and "Traceback" not in err
    assert not Path("x.lock").exists()
    assert not [p for p in Path("store").rglob("*") if p.is_file() and "tmp" in p.parts]


def test_a_wheel_carries_profiles_templates_and_scripts_and_runs(tmp_path):
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path / "dist"], cwd=ROOT,
                   check=True, capture_output=True)
    wheel = next((tmp_path / "dist").glob("pinboot-*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        archive.extractall(tmp_path / "site")
    assert {"builder/data/profiles/centos-7-xen-netbsd.toml", "builder/boot/kickstart/templates/kickstart.ks.j2",
            "builder/catalog/families.toml", "builder/media/verify.sh", "builder/outputs/up.sh.in",
            "builder/py.typed"} <= names
    assert not any(name.startswith("tests/") for name in names)
    # -S leaves the editable install's .pth alone; the libraries come from the same place as ours.
    libraries = [p for p in sys.path if p.endswith("site-packages")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path / "site"), *libraries])}
    code = "import builder, sys; from builder.cli.main import main; print(builder.__file__); sys.exit(main(sys.argv[1:]))"
    for arguments, expected in ((["init", "--list"], "rocky-9-xen"), (["demo"], "All four were caught")):
        done = subprocess.run([sys.executable, "-S", "-c", code, *arguments], cwd=tmp_path, env=environment, text=True,
                              capture_output=True)
        assert done.returncode == 0, done.stderr
        assert str(tmp_path / "site") in done.stdout and expected in done.stdout
