"""From a host to a kernel command line and a kickstart."""
