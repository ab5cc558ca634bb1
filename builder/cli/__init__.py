"""The only door: options, progress, printing, exit codes."""
