"""Kickstarts of the command line: how they are read, and how what was found in them is shown."""
