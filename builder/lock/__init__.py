"""The lock: every byte that will boot, and why it is believed."""
