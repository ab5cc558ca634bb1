"""What is looked for in a command line: a module for each kind of mistake."""
