"""Why a digest is believed: evidence and policy."""
