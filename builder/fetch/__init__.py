"""Getting files: sources, http, the content-addressed store."""
