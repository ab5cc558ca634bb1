"""OpenPGP keys and signatures: what the release keys of this field sign, judged by two verifiers."""
