"""The verbs: check, lock, build, verify."""
