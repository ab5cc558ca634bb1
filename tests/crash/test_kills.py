"""kill -9, TERM and INT at chosen and at random moments: final names hold right bytes or nothing, a rerun completes.

PINBOOT_CRASH_RUNS (default 40) sets how many real processes are killed; a sweep over the system calls of a command takes
half as many of them, in even steps, or all where there are fewer.
"""

import os
import random
import signal
import time

import pytest

from tests.crash.bench import SCENES, start, temporary

RUNS = int(os.environ.get("PINBOOT_CRASH_RUNS", "40"))
CODES = {signal.SIGTERM: 143, signal.SIGINT: 130}


def moments(calls, most):
    """Every call there is, or `most` of them in even steps, first and last among them."""
    if calls <= most:
        return range(1, calls + 1)
    return sorted({1 + round(step * (calls - 1) / (most - 1)) for step in range(most)})


def over(ran, at):
    """The run ended by itself before it made so many calls: how a body is cut into pieces differs between runs."""
    return ran.code == 0 and ran.calls < at


@pytest.fixture(params=SCENES, ids=lambda name: name.replace(" ", "-").replace(",", ""))
def stage(request, stages):
    return stages(request.param)


def test_a_kill_at_any_system_call_leaves_nothing_wrong_and_a_rerun_completes(stage):
    chosen = moments(stage.whole.calls, max(RUNS // 2, 8))
    assert len(chosen) > 5
    for at in chosen:
        stage.reset()
        ran = stage.children.run(stage.work, *stage.scene.argv, at=at)
        assert ran.code == -signal.SIGKILL or over(ran, at), (at, ran)
        try:
            stage.holds()
            stage.completes()
        except AssertionError as reason:
            raise AssertionError(f"killed at call {at} of {stage.whole.calls}: {reason}") from reason


@pytest.mark.parametrize("number", CODES, ids=lambda number: number.name)
def test_a_signal_at_any_system_call_ends_the_run_at_once_and_leaves_no_temporary_file(stage, number):
    for at in moments(stage.whole.calls, max(RUNS // 10, 4)):
        stage.reset()
        began = time.monotonic()
        ran = stage.children.run(stage.work, *stage.scene.argv, at=at, number=number)
        assert time.monotonic() - began < 2
        assert ran.code == CODES[number] or over(ran, at), (at, ran)
        assert ran.code == 0 or "run the same command again" in ran.err
        assert "Traceback" not in ran.err and "ignored" not in ran.err
        assert not temporary(stage.work), at
        stage.holds()
        stage.completes()


@pytest.fixture(params=["lock", "build of a new bundle, fetching"], ids=["lock", "build"])
def fetching(request, stages):
    return stages(request.param)


def test_real_processes_killed_at_random_moments(fetching, mirror):
    chance = random.Random(f"kills of {fetching.scene.argv[0]}")
    longest = timed(fetching)
    died = 0
    for _ in range(RUNS // 4):
        fetching.reset()
        process = start(fetching.work, *fetching.scene.argv)
        time.sleep(chance.uniform(0.3, 1) * longest)
        process.kill()
        process.communicate()
        died += process.returncode == -signal.SIGKILL
        fetching.holds()
        fetching.completes()
    assert died > RUNS // 16


def test_real_processes_that_get_a_signal_at_random_moments(fetching, mirror):
    chance = random.Random(f"signals for {fetching.scene.argv[0]}")
    for turn in range(max(RUNS // 8, 4)):
        number = list(CODES)[turn % 2]
        fetching.reset()
        mirror.asked.clear()
        process = start(fetching.work, *fetching.scene.argv)
        while not mirror.asked and process.poll() is None:
            time.sleep(0.002)
        time.sleep(chance.uniform(0, 0.15))
        process.send_signal(number)
        began = time.monotonic()
        _, said = process.communicate(timeout=10)
        assert time.monotonic() - began < 2
        assert process.returncode in (CODES[number], 0, -number), said  # all done, or on its way out already
        assert "Traceback" not in said and "ignored" not in said and not temporary(fetching.work)
        fetching.holds()
        fetching.completes()


def timed(stage):
    """Seconds that an undisturbed process takes."""
    stage.reset()
    began = time.monotonic()
    process = start(stage.work, *stage.scene.argv)
    process.communicate()
    assert process.returncode == 0
    return time.monotonic() - began


def test_a_signal_in_the_middle_of_the_demo_ends_the_whole_demo(place, monkeypatch):
    monkeypatch.setenv("http_proxy", "")  # the demo has a mirror of its own
    process = start(place, "demo")
    for line in process.stdout:
        if line.startswith("$ pinboot lock"):
            break
    began = time.monotonic()
    process.terminate()
    _, said = process.communicate(timeout=20)
    assert process.returncode == 143 and time.monotonic() - began < 2
    assert said.splitlines()[-1] == "terminated; run the same command again to go on"
