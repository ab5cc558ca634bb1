"""The manual: what words, keys and commands mean, once, for `explain`, `schema` and the pages of docs/reference."""
