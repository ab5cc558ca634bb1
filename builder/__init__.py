"""pinboot: from a profile and an install tree to a verified, pinned, reproducible bundle."""

__version__ = "0.1.0"
