"""Generated texts side by side: thousands of pairs, told in as few changes as there are."""
