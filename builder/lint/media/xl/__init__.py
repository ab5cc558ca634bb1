"""Xen guests as xl reads them: the grammar of its config files, and the command line of the guest's kernel."""
