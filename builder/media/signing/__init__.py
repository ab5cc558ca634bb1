"""Who vouches for a bundle: signatures over its SHA256SUMS, made and judged, by ssh key or OpenPGP key."""
