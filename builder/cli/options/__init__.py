"""The command line: the commands, their options and the help, in 80 columns."""
