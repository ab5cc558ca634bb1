"""The machine that pinboot runs on, for `doctor`: what pinboot and its scripts can use there, and what there is."""
