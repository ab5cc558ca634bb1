"""Two locks, profiles or bundles side by side: what each is made of, and what differs."""
