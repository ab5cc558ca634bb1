"""One renderer per consumer of a bundle."""
