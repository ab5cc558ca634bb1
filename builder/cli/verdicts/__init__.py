"""Verdicts on kernel command lines: where lines come from, and how a verdict is shown."""
