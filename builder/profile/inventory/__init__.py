"""Inventories: hosts that others keep, as CSV or as ansible-inventory prints them, read into tables of a profile."""
