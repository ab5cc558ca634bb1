"""What a mirror offers, as values: pure readers of treeinfo, discinfo, repomd and primary."""
