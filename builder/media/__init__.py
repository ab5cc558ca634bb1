"""The bundle as a value, and what packs it: directory, tar, manifest, checksums, the injected initrd."""
