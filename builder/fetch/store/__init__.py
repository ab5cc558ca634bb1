"""The content-addressed store: bytes get a name only when they are right."""
