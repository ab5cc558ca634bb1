"""An install tree on a web server: one session, redirects and retries by hand, every answer distrusted."""
