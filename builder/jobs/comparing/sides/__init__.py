"""What can be compared: locks, profiles and bundles, and the version of a lock before."""
