"""A kickstart's text as its parser cuts it: letters, lines, words, sections."""
