"""Profile files: layers, lines of keys, the shape, all mistakes at once."""
