"""Kernel command lines that others wrote: what each release's installer makes of every parameter."""
