"""What proves a file of the tree: keys, signed metadata, the signed kernel package, the signed boot image."""
