"""The kernel command line: network, installer options, consoles, in each generation's dialect."""
