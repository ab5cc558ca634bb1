"""How `show` prints what it knows: a page of 80 columns each for profiles, locks and bundles."""
