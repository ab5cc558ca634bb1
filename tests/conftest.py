"""What holds for every test."""

import signal


def pytest_configure():
    """A shell starts its background jobs with SIGINT ignored, and children inherit that: tests that interrupt a program
    would wait for ever (bash(1), "Signals")."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
