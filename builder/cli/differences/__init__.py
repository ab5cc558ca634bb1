"""A difference told: for a terminal, as Markdown for a merge request, as a table for machines."""
