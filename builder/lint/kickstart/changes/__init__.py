"""From one release's kickstart to another's: what must change, and the changed text."""
