"""The benchmarks run. How fast anything is, no test says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import fleets, table
from benchmarks.measure import Contender, Cost, Row, compare
from benchmarks.samples import Bench

ROOT = Path(__file__).resolve().parents[2]


def bench(*words):
    return subprocess.run([sys.executable, "-m", "benchmarks", *words], cwd=ROOT, capture_output=True, text=True,
                          timeout=120)


def test_a_quick_run_prints_ours_and_the_ratio_in_eighty_columns(tmp_path):
    done = bench("--quick", "--folder", str(tmp_path), "startup", "inject", "directory")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"^  python -c pass +\d+\.\d{3} .*\d+\.\d\dx +<= 5x$", done.stdout, re.MULTILINE)
    assert re.search(r"^kickstarts put into an initrd of 9 MiB$", done.stdout, re.MULTILINE)
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert not list(tmp_path.iterdir())


def test_what_a_host_costs_is_told_with_the_growth(tmp_path, monkeypatch):
    monkeypatch.setattr(fleets, "FEW", 20)
    monkeypatch.setattr(fleets, "MANY", 200)
    title, rows = fleets.fleet(Bench(folder=tmp_path, quick=True))
    printed = "\n".join(table.lines(title, rows))
    assert re.search(r"^ +a host: -?\d+ us, -?\d+\.\d KiB; 10 times the hosts: \d\.\d times the cost$", printed, re.MULTILINE)
    assert max(map(len, printed.splitlines())) <= 80


def test_an_unknown_name_is_told_with_the_known_ones():
    done = bench("trousers")
    assert done.returncode == 2 and "no benchmark is called trousers: startup, unchanged, hosts" in done.stderr


def test_a_peer_that_is_not_here_is_left_out_by_name():
    here, away = (Contender(name=name, command=("true",), needs={name: "some-package"})
                  for name in ("true", "no-such-tool"))
    rows = compare([here, away], rounds=1)
    assert rows[0].cost and rows[1].cost is None
    assert "      no-such-tool is not installed (Debian package some-package)" in "\n".join(table.lines("x", rows))


def test_a_contender_that_fails_is_no_result():
    with pytest.raises(subprocess.CalledProcessError):
        compare([Contender(name="x", command=("false",))], rounds=1)


def test_a_ratio_is_ours_over_theirs_with_the_target_beside():
    rows = [Row(name="ours", cost=Cost(seconds=3.0, peak=None)),
            Row(name="theirs", cost=Cost(seconds=2.0, peak=50.0), target=1.1)]
    assert list(table.lines("job", rows)) == [
        "\njob", f"  ours{'':34}{'3.000':>9}{'':>10}", f"  theirs{'':32}{'2.000':>9}{'50':>10}{'1.50x':>10}{'<= 1.1x':>9}"]
