"""Kickstarts that others wrote: what a release's installer makes of them, and what must change for another release."""
