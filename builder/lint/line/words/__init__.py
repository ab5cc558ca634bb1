"""The words that installers read from a command line: a row each, with the generations that know it."""
