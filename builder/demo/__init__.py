"""An embedded demo mirror: small trees of true format, served on loopback."""
