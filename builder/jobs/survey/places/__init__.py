"""Where a tree is: addresses of profile and catalog, lists of mirrors, composes, vaults, and the files beside it."""
